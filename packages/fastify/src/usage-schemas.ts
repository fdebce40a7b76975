import {
  DEFAULT_TOP_KEYS,
  MAX_BUCKETS_OF_KEYS,
  MAX_USAGE_BUCKETS,
  MAX_USAGE_KEYS,
  USAGE_INTERVALS,
  type UsageInterval,
} from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { moment, oneOf } from './schema-types.ts'

const usageCounts = {
  total: Type.Integer({ minimum: 0, description: 'How many requests there were.', examples: [1_204] }),
  accepted: Type.Integer({ minimum: 0, description: 'How many were let in.', examples: [1_200] }),
  refused: Type.Unsafe<Record<string, number>>({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description:
      'How many were refused, by reason: `expired`, `disabled`, `revoked`, `suspended`, `environment`, `address_not_allowed`, `origin_not_allowed`, `browser_not_allowed`, `secret_key_required`, `insufficient_scope`, `rate_limited`, `quota_exceeded`. More may be added; those that did not occur are left out.',
    examples: [{ expired: 4 }],
  }),
}

const interval = oneOf<UsageInterval>(USAGE_INTERVALS, {
  description: 'How long a bucket is.',
  examples: ['day'],
})

const span = {
  interval,
  timeZone: Type.String({ description: 'Whose hours and days these are.', examples: ['Europe/Berlin'] }),
  from: moment('When the first bucket begins.', '2026-11-20T23:00:00.000Z'),
  to: moment('When the last bucket ends.', '2026-11-22T23:00:00.000Z'),
}

const usageData = Type.Array(
  Type.Object({ start: moment('When the bucket begins.', '2026-11-20T23:00:00.000Z'), ...usageCounts }),
  { description: 'Every bucket in order, also those without requests.' },
)

/** How often keys were used over time. */
export type ApiKeyUsage = Static<typeof ApiKeyUsage>
export const ApiKeyUsage = Type.Object(
  {
    ...span,
    ...usageCounts,
    data: usageData,
  },
  { description: 'How often keys were used over time. The counts beside `data` are those of all buckets.' },
)

/** How often several keys were used over the same time. */
export type ApiKeysUsage = Static<typeof ApiKeysUsage>
export const ApiKeysUsage = Type.Object(
  {
    ...span,
    keys: Type.Array(
      Type.Object({
        id: Type.String({ description: 'The id of the key.', examples: ['key_01h455vb4pex5vsknk084sn02q'] }),
        name: Type.String({ description: 'What the key is for.', examples: ['Integration with CRM'] }),
        ...usageCounts,
        data: usageData,
      }),
      { description: 'The usage of each key.' },
    ),
  },
  { description: 'How often several keys were used over the same time.' },
)

/** Which usage to tell. */
export type UsageParams = Static<typeof UsageParams>
export const UsageParams = Type.Object(
  {
    from: Type.Optional(
      moment(
        'The series begins with the bucket that has this moment. Left out: 60 minutes, 24 hours or 30 days before its end.',
        '2026-11-01T00:00:00Z',
      ),
    ),
    to: Type.Optional(
      moment('The series ends before this moment; now when left out.', '2026-11-22T00:00:00Z'),
    ),
    interval: Type.Optional(
      oneOf<UsageInterval>(USAGE_INTERVALS, {
        default: 'day',
        description: `How long a bucket is. There are at most ${MAX_USAGE_BUCKETS}.`,
      }),
    ),
    timeZone: Type.Optional(
      Type.String({
        maxLength: 64,
        default: 'UTC',
        description: 'The IANA name of the time zone whose hours and days are meant.',
        examples: ['Europe/Berlin'],
      }),
    ),
  },
  { additionalProperties: false },
)

/** Of which keys to tell which usage. */
export type KeysUsageParams = Static<typeof KeysUsageParams>
export const KeysUsageParams = Type.Object(
  {
    ids: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        maxItems: MAX_USAGE_KEYS,
        description:
          'Of which keys; repeat it for several. Left out: of those with the most requests in this time.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_USAGE_KEYS,
        description: `How many of those with the most requests; ${DEFAULT_TOP_KEYS} when left out.`,
      }),
    ),
    ...UsageParams.properties,
    interval: Type.Optional(
      oneOf<UsageInterval>(USAGE_INTERVALS, {
        default: 'day',
        description: `How long a bucket is. There are at most ${MAX_BUCKETS_OF_KEYS} for each key.`,
      }),
    ),
  },
  { additionalProperties: false },
)
