import { MAX_CREDITS, QUOTA_PERIODS, type QuotaPeriod } from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { momentOrNull, oneOf } from './schema-types.ts'

const limit = Type.Integer({
  minimum: 1,
  maximum: MAX_CREDITS,
  description:
    'How many credits there are for a period. A request takes one, unless its route costs more or less.',
  examples: [10_000],
})

const period = oneOf<QuotaPeriod>(QUOTA_PERIODS, {
  description:
    'How often it is filled up to its limit: each `day`, each `week` (on Monday), each `month`, or `never`.',
  examples: ['month'],
})

const timeZone = (description: string) =>
  Type.String({ maxLength: 64, description, examples: ['Europe/Berlin'] })

const anchorDay = (description: string) =>
  Type.Unsafe<number | null>({
    type: ['null', 'integer'],
    minimum: 1,
    maximum: 31,
    description,
    examples: [1],
  })

/** How many credits a key may spend, and how it stands. */
export type Quota = Static<typeof Quota>
export const Quota = Type.Object(
  {
    limit,
    period,
    timeZone: timeZone('The time zone in which days, weeks and months begin.'),
    anchorDay: anchorDay(
      'The day of a month on which it is filled up, or the last day of a month that has no such day; null for other periods.',
    ),
    remaining: Type.Integer({
      minimum: 0,
      description:
        'How many credits are left. Those that a node has taken to spend within the next seconds count as spent until it gives them back.',
      examples: [9_120],
    }),
    refillsAt: momentOrNull('When it is filled up to its limit; null for never.', '2026-12-01T00:00:00.000Z'),
  },
  { description: 'How many credits a key may spend, and how many are left.' },
)

const definition = {
  limit,
  period,
  timeZone: Type.Optional(
    timeZone('The IANA name of the time zone in which days, weeks and months begin; `UTC` when left out.'),
  ),
  anchorDay: Type.Optional(
    anchorDay(
      'The day of a month on which it is filled up, 1 when left out. A month that has no such day uses its last one, so 31 is the last day of each.',
    ),
  ),
}

/** Null, or what the schema of an object says, with errors that name its fields; those of a union would not. */
function orNull<T>(object: object, description: string) {
  return Type.Optional(Type.Unsafe<T | null>({ ...object, type: ['null', 'object'], description }))
}

const NewQuota = Type.Object(definition, { additionalProperties: false })
/** The quota of a new key. */
export const newQuota = orNull<Static<typeof NewQuota>>(
  NewQuota,
  'How many credits it may spend; as many as it likes when null or left out.',
)

const ChangedQuota = Type.Object(
  {
    ...definition,
    remaining: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_CREDITS,
        description:
          'How many credits there are now. Left out: what was spent stays spent, so that a greater limit gives as many more as it is greater.',
        examples: [10_000],
      }),
    ),
  },
  { additionalProperties: false },
)
/** What a quota is changed to. */
export const changedQuota = orNull<Static<typeof ChangedQuota>>(
  ChangedQuota,
  'The quota as a whole as it shall be from now on; null removes it.',
)
