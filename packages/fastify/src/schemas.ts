import {
  KEY_STATES,
  MAX_IDEMPOTENCY_KEY_LENGTH,
  MAX_METADATA_BYTES,
  MAX_NAME_LENGTH,
  MAX_RATE_LIMIT,
  MAX_RATE_LIMIT_WINDOW_SECONDS,
  MAX_RATE_LIMITS,
  MAX_ROTATE_EVERY_DAYS,
  MAX_SCOPES,
  MIN_IDEMPOTENCY_KEY_LENGTH,
  RATE_LIMIT_NAME,
  type Environment,
  type KeyState,
  type Metadata,
} from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { allowedIps, allowedOrigins, blockBrowsers, kind } from './place-schemas.ts'
import { changedQuota, newQuota, Quota } from './quota-schemas.ts'
import { actor, Revocation } from './revocation-schemas.ts'
import { moment, momentOrNull, oneOf } from './schema-types.ts'

/*
 * Every shape of keys that crosses HTTP, once: the types, the validation, the serialization and the OpenAPI document
 * all come from these. A field that is not listed in a reply's schema never leaves the server.
 */

export const EXAMPLE_ID = 'key_01h455vb4pex5vsknk084sn02q'
const EXAMPLE_SECRET = 'lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA'

export const environment = (description: string) =>
  oneOf<Environment>(['live', 'test'], { description, examples: ['live'] })

const name = Type.String({
  description: `What the key is for, in 1 to ${MAX_NAME_LENGTH} characters. Spaces around it are dropped; characters that cannot be seen, or that change the direction of text, are refused.`,
  examples: ['Integration with CRM'],
})

const scopes = Type.Array(Type.String(), {
  maxItems: MAX_SCOPES,
  description:
    'What the key may do: scopes and sets of scopes from the list, or all of a resource as `contacts:*`. Sets and `:*` include what is added to them later.',
  examples: [['contacts:read']],
})

const metadata = Type.Unsafe<Metadata>({
  type: 'object',
  additionalProperties: true,
  description: `Anything to keep with the key: a JSON object of at most ${MAX_METADATA_BYTES} bytes. Handlers find it in \`request.apiKey.metadata\`.`,
  examples: [{ team: 'sales' }],
})

const notBefore = momentOrNull(
  'From when on it is good; null for at once. It must come before `expiresAt`.',
  null,
)

const expiresAt = (description: string) => momentOrNull(description, '2027-01-01T00:00:00.000Z')

/** How often a key may be used within a while. */
export type RateLimit = Static<typeof RateLimit>
export const RateLimit = Type.Object(
  {
    name: Type.String({
      pattern: RATE_LIMIT_NAME.source,
      description:
        'Tells the limits of a key apart: 1 to 32 of a-z, 0-9, `_` and `-`, a letter first. Replies name the limit by it.',
      examples: ['burst'],
    }),
    limit: Type.Integer({
      minimum: 1,
      maximum: MAX_RATE_LIMIT,
      description: 'How many units may be taken. A request takes one, unless its route costs more or less.',
      examples: [100],
    }),
    windowSeconds: Type.Integer({
      minimum: 1,
      maximum: MAX_RATE_LIMIT_WINDOW_SECONDS,
      description: 'Within how many seconds, wherever they begin.',
      examples: [60],
    }),
  },
  { additionalProperties: false, description: 'How often a key may be used within a while.' },
)

const rateLimits = (description: string) =>
  Type.Array(RateLimit, {
    maxItems: MAX_RATE_LIMITS,
    description,
    examples: [
      [
        { name: 'burst', limit: 100, windowSeconds: 10 },
        { name: 'sustained', limit: 5_000, windowSeconds: 3_600 },
      ],
    ],
  })

const lastUsedAddress = Type.Unsafe<string | null>({
  type: ['null', 'string'],
  description: 'The IP address it was used from in that minute; null when that is not known.',
  examples: ['192.0.2.17'],
})

const rotateEveryDays = Type.Unsafe<number | null>({
  type: ['null', 'integer'],
  minimum: 1,
  maximum: MAX_ROTATE_EVERY_DAYS,
  description: 'After how many days the key should be rotated; null when nobody wants to be reminded.',
  examples: [90],
})

/** A secret that was replaced and still works. */
export type RetiringSecret = Static<typeof RetiringSecret>
export const RetiringSecret = Type.Object(
  {
    version: Type.Integer({ minimum: 1, description: 'Which of the secrets it is.', examples: [1] }),
    start: Type.String({ description: 'How it begins.', examples: [EXAMPLE_SECRET.slice(0, 12)] }),
    retiredAt: moment('When it was replaced.', '2026-11-22T09:30:00.000Z'),
    endsAt: moment('From when on it is refused.', '2026-11-23T09:30:00.000Z'),
    lastUsedAt: momentOrNull(
      'When it was last used since: when that is long ago, it can be ended.',
      '2026-11-22T10:12:00.000Z',
    ),
    lastUsedAddress,
  },
  { description: 'A secret that was replaced and works until its grace ends.' },
)

/** A key as the routes show it. Its secret is not part of it. */
export type ApiKey = Static<typeof ApiKey>
export const ApiKey = Type.Object(
  {
    id: Type.String({ description: 'The id of the key.', examples: [EXAMPLE_ID] }),
    name,
    owner: Type.String({ description: 'Whose key it is.', examples: ['workspace_42'] }),
    kind: kind(
      'A `publishable` key may stand in a web page for everybody to read; any other is a secret. It cannot be changed.',
    ),
    environment: environment('Which environment the key opens.'),
    status: oneOf<KeyState>(KEY_STATES, {
      description:
        'Only an `active` key opens anything. `pending` becomes active by itself, `disabled` can be undone, and `revoked` for a while.',
      examples: ['active'],
    }),
    start: Type.String({
      description: 'How the secret begins: enough to recognise it by, useless to guess it.',
      examples: [EXAMPLE_SECRET.slice(0, 12)],
    }),
    scopes,
    metadata,
    allowedIps,
    allowedOrigins,
    blockBrowsers,
    rateLimits: rateLimits(
      'How often it may be used. All of these hold at once; without any it is not limited.',
    ),
    quota: Type.Union([Type.Null(), Quota], {
      description: 'How many credits it may spend; null for as many as it likes.',
    }),
    createdAt: moment('When it was created.', '2026-11-22T09:30:00.000Z'),
    createdBy: actor('Who created it.'),
    updatedAt: moment('When it was last changed.', '2026-11-22T09:30:00.000Z'),
    expiresAt: expiresAt('From when on it is refused; null for never.'),
    expiresSoon: Type.Boolean({
      description:
        'Whether it will end by itself within a week, or within the last tenth of a life shorter than ten weeks.',
      examples: [false],
    }),
    notBefore,
    lastUsedAt: momentOrNull('When it last opened something, to within seconds.', '2026-11-22T10:12:00.000Z'),
    lastUsedAddress,
    version: Type.Integer({ minimum: 1, description: 'How many secrets it has had.', examples: [1] }),
    rotatedAt: momentOrNull('When it got its present secret; null: when it was created.', null),
    rotateEveryDays,
    rotationDueAt: momentOrNull(
      'When it is due to be rotated; null when nobody wants to be reminded.',
      '2027-02-20T09:30:00.000Z',
    ),
    retiringSecret: Type.Union([Type.Null(), RetiringSecret], {
      description: 'The secret before the present one, while it still works; otherwise null.',
    }),
    revokedAt: momentOrNull('When it was revoked.', null),
    revocation: Type.Union([Type.Null(), Revocation], {
      description: 'By whom and why it was revoked; null unless it is.',
    }),
  },
  { description: 'An API key. Its secret is not part of it.' },
)

/** The one time that a secret is shown. */
export const shownSecret = (description: string) => Type.String({ description, examples: [EXAMPLE_SECRET] })

/** The reply to a create: the one time the secret is shown. */
export type CreatedApiKey = Static<typeof CreatedApiKey>
export const CreatedApiKey = Type.Object(
  {
    apiKey: ApiKey,
    secret: shownSecret('The key itself. It is shown here and never again: store it now.'),
  },
  { description: 'A new key with its secret.' },
)

/** How far a revocation had come when its reply was sent. */
export type RevocationReceipt = Static<typeof RevocationReceipt>
export const RevocationReceipt = Type.Object(
  {
    nodes: Type.Integer({
      minimum: 0,
      description: 'How many nodes were running, each of which may have had the key in memory.',
      examples: [3],
    }),
    confirmed: Type.Integer({
      minimum: 0,
      description:
        'How many of them had said that they refuse the key. The reply waits for all, one second at most; what is missing then refuses it within five seconds, or is no longer running.',
      examples: [3],
    }),
    afterMs: Type.Unsafe<number | null>({
      type: ['null', 'integer'],
      minimum: 0,
      description:
        "Milliseconds from the change to the last of these confirmations, by the database's clock; null when there was none.",
      examples: [84],
    }),
  },
  { description: 'How many nodes refused a key when the reply was sent, and how soon they did.' },
)

/** The reply to a delete. */
export type DeletedApiKey = Static<typeof DeletedApiKey>
export const DeletedApiKey = Type.Object(
  { apiKey: ApiKey, receipt: RevocationReceipt },
  { description: 'A key that was revoked, and how far that had come.' },
)

/** The reply to a change. */
export type UpdatedApiKey = Static<typeof UpdatedApiKey>
export const UpdatedApiKey = Type.Object(
  {
    apiKey: ApiKey,
    receipt: Type.Union([Type.Null(), RevocationReceipt], {
      description:
        'When this change disabled the key or ended a secret, how far that had come; otherwise null.',
    }),
  },
  { description: 'A key as it is after a change.' },
)

/** The scopes that keys may hold. */
export type ScopeList = Static<typeof ScopeList>
export const ScopeList = Type.Object(
  {
    data: Type.Array(
      Type.Object({
        name: Type.String({ description: 'The scope.', examples: ['contacts:read'] }),
        description: Type.String({ description: 'What it allows.', examples: ['Read contacts'] }),
        managesKeys: Type.Boolean({
          description: 'Whether a key with it manages keys: nothing that a form should choose by itself.',
          examples: [false],
        }),
        public: Type.Boolean({
          description: 'Whether publishable keys may hold it.',
          examples: [false],
        }),
      }),
      { description: 'Every scope a key may hold.' },
    ),
    sets: Type.Array(
      Type.Object({
        name: Type.String({ description: 'The name, as keys hold it.', examples: ['@read-only'] }),
        description: Type.String({ description: 'What it allows.', examples: ['Read everything'] }),
        scopes: Type.Array(Type.String(), {
          description: 'What it stands for.',
          examples: [['contacts:read', 'companies:read']],
        }),
      }),
      { description: 'Sets of scopes under one name.' },
    ),
    keyPrefix: Type.String({ description: 'What every secret begins with.', examples: ['lk'] }),
    publishableKeyPrefix: Type.String({
      description: 'What every publishable key begins with.',
      examples: ['lk_pk'],
    }),
  },
  { description: 'The scopes that keys may hold, and how secrets begin.' },
)

/** What to send to create a key. */
export type CreateApiKey = Static<typeof CreateApiKey>
export const CreateApiKey = Type.Object(
  {
    name,
    kind: Type.Optional(
      kind(
        'A `publishable` key may stand in a web page for everybody to read: it holds public scopes only, and needs `allowedOrigins`. `secret` when left out. It cannot be changed.',
      ),
    ),
    environment: Type.Optional(environment('Which environment the key opens; `live` when left out.')),
    scopes: Type.Optional(scopes),
    expiresAt: Type.Optional(
      expiresAt(
        'From when on it is refused: a moment in the future, or null for never, as far as the policy of the workspace allows it. Left out, the policy decides.',
      ),
    ),
    notBefore: Type.Optional(notBefore),
    metadata: Type.Optional(metadata),
    allowedIps: Type.Optional(allowedIps),
    allowedOrigins: Type.Optional(allowedOrigins),
    blockBrowsers: Type.Optional(blockBrowsers),
    rateLimits: Type.Optional(
      rateLimits(
        'How often it may be used. All of these hold at once, each under a name of its own; not limited when left out.',
      ),
    ),
    rotateEveryDays: Type.Optional(rotateEveryDays),
    quota: newQuota,
  },
  { additionalProperties: false, description: 'What the new key shall be.' },
)

/** What to send to change a key; what is left out stays. */
export type UpdateApiKey = Static<typeof UpdateApiKey>
export const UpdateApiKey = Type.Object(
  {
    name: Type.Optional(name),
    scopes: Type.Optional(scopes),
    expiresAt: Type.Optional(
      expiresAt(
        'From when on it is refused: a moment in the future, or null for never, as far as the policy of the workspace allows it.',
      ),
    ),
    notBefore: Type.Optional(notBefore),
    metadata: Type.Optional(metadata),
    allowedIps: Type.Optional(allowedIps),
    allowedOrigins: Type.Optional(allowedOrigins),
    blockBrowsers: Type.Optional(blockBrowsers),
    rateLimits: Type.Optional(
      rateLimits(
        'All limits there shall be; an empty list removes them. What was taken from a limit whose name and window stay the same stays taken.',
      ),
    ),
    rotateEveryDays: Type.Optional(rotateEveryDays),
    quota: changedQuota,
    enabled: Type.Optional(
      Type.Boolean({
        description: '`false` disables the key until it is set to `true`.',
        examples: [false],
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1, description: 'What to change. What is left out stays.' },
)

/** The id in a path. Anything that is no id of the owner's keys is simply not found, so nothing is asked of its form. */
export type ApiKeyParams = Static<typeof ApiKeyParams>
export const ApiKeyParams = Type.Object({
  id: Type.String({ description: 'The id of the key.', examples: [EXAMPLE_ID] }),
})

/** Visible ASCII without the quotes of a structured field, and without the comma by which Node joins a header sent twice. */
const IDEMPOTENCY_TOKEN = `[!#-+\\--\\[\\]-~]{${MIN_IDEMPOTENCY_KEY_LENGTH},${MAX_IDEMPOTENCY_KEY_LENGTH}}`

/** The headers of a create. */
export type CreateHeaders = Static<typeof CreateHeaders>
export const CreateHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: `^(?:${IDEMPOTENCY_TOKEN}|"${IDEMPOTENCY_TOKEN}")$`,
      description:
        'Names this one request, best by a UUID, so that it can be repeated when its reply was lost: for ten minutes the same request answers with the same key and secret instead of creating another.',
      examples: ['0b9f3c5e-6a57-4a1c-9a53-0d1c1f6a7b10'],
    }),
  ),
})
