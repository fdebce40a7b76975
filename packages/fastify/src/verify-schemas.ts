import {
  MAX_RATE_LIMIT,
  MAX_SCOPES,
  RATE_LIMIT_NAME,
  type Environment,
  type Metadata,
} from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { REFUSAL_CODES, type RefusalCode } from './key-space.ts'
import { oneOf } from './schema-types.ts'

/** What one request may ask about at once. */
export const MAX_VERIFICATIONS = 100

const environment = (description: string) =>
  oneOf<Environment>(['live', 'test'], { description, examples: ['live'] })

/** What to send to have a key checked. */
export type VerifyApiKey = Static<typeof VerifyApiKey>
export const VerifyApiKey = Type.Object(
  {
    secret: Type.String({
      description: 'The key, as its holder presented it.',
      examples: ['lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA'],
    }),
    scopes: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: MAX_SCOPES,
        description: 'The scopes that it must have, every one of them; declared ones only.',
        examples: [['contacts:read']],
      }),
    ),
    anyScope: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        maxItems: MAX_SCOPES,
        description: 'Scopes of which it must have at least one, beside those; declared ones only.',
        examples: [['contacts:read', 'contacts:write']],
      }),
    ),
    environment: Type.Optional(environment('The environment that it must be for; either when left out.')),
    cost: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_RATE_LIMIT,
        description:
          'Units to take from each of its rate limits, and credits from its quota; 1 when left out.',
        examples: [1],
      }),
    ),
    ip: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }],
        description:
          'The address of whoever presented it. Wrong keys are counted against this address; without one they are not counted, and a key that is bound to addresses is refused.',
        examples: ['192.0.2.17'],
      }),
    ),
    origin: Type.Optional(
      Type.String({
        description:
          'The header `Origin` of the request that it came with, as it was; left out when there was none. A key that is bound to web pages is refused without one, and one that is not for browsers with one.',
        examples: ['https://app.example.com'],
      }),
    ),
  },
  { additionalProperties: false, description: 'A key to check, and what it must be good for.' },
)

/** What to send to have several keys checked. */
export type VerifyApiKeys = Static<typeof VerifyApiKeys>
export const VerifyApiKeys = Type.Object(
  {
    requests: Type.Array(VerifyApiKey, {
      minItems: 1,
      maxItems: MAX_VERIFICATIONS,
      description: `Up to ${MAX_VERIFICATIONS} keys to check, in this order.`,
    }),
  },
  { additionalProperties: false, description: 'Keys to check, each for itself.' },
)

/** A key that was recognised, as a handler of a protected route sees it. */
export type VerifiedApiKey = Static<typeof VerifiedApiKey>
export const VerifiedApiKey = Type.Object(
  {
    id: Type.String({ description: 'The id of the key.', examples: ['key_01h455vb4pex5vsknk084sn02q'] }),
    owner: Type.String({ description: 'Whose key it is.', examples: ['workspace_42'] }),
    name: Type.String({ description: 'What the key is for.', examples: ['Integration with CRM'] }),
    environment: environment('Which environment the key opens.'),
    scopes: Type.Array(Type.String(), {
      description: 'Every scope the key has.',
      examples: [['contacts:read', 'contacts:write']],
    }),
    metadata: Type.Unsafe<Metadata>({
      type: 'object',
      additionalProperties: true,
      description: 'What is kept with the key.',
      examples: [{ team: 'sales' }],
    }),
  },
  { description: 'A key that was recognised.' },
)

/** Where a rate limit of a key stands. */
export type RateLimitState = Static<typeof RateLimitState>
export const RateLimitState = Type.Object(
  {
    name: Type.String({
      pattern: RATE_LIMIT_NAME.source,
      description: 'Tells the limits of a key apart.',
      examples: ['burst'],
    }),
    limit: Type.Integer({ description: 'How many units may be taken.', examples: [100] }),
    windowSeconds: Type.Integer({ description: 'Within how many seconds.', examples: [60] }),
    remaining: Type.Integer({ minimum: 0, description: 'Units that are left.', examples: [99] }),
    resetSeconds: Type.Integer({
      minimum: 0,
      description: 'Seconds until units that were taken come back.',
      examples: [60],
    }),
  },
  { description: 'Where a rate limit of a key stands.' },
)

/** The closed set of answers about a key. */
export type VerdictCode = 'valid' | RefusalCode | 'invalid_request'
const VERDICT_CODES: readonly VerdictCode[] = ['valid', ...REFUSAL_CODES, 'invalid_request']

/** The answer about a key. */
export type ApiKeyVerdict = Static<typeof ApiKeyVerdict>
export const ApiKeyVerdict = Type.Object(
  {
    valid: Type.Boolean({
      description: 'Whether the request may pass. Nothing else says so.',
      examples: [true],
    }),
    code: oneOf<VerdictCode>(VERDICT_CODES, {
      description:
        '`valid`, or why not. The codes are those of problems; `invalid_request` occurs only where several keys were asked about, for those whose form is wrong.',
      examples: ['valid'],
    }),
    apiKey: Type.Union([Type.Null(), VerifiedApiKey], {
      description: 'The key, also one that is refused; null when it is unknown.',
    }),
    rateLimits: Type.Array(RateLimitState, {
      description: 'Where its limits stand; none when it was refused for another reason.',
    }),
    retryAfterSeconds: Type.Unsafe<number | null>({
      type: ['null', 'integer'],
      minimum: 0,
      description:
        'With `rate_limited`, `quota_exceeded` and `too_many_attempts`: after how many seconds the answer may be another; otherwise, and when waiting does not help, null.',
      examples: [null],
    }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          field: Type.String({ description: 'The field.', examples: ['scopes'] }),
          message: Type.String({ description: 'What is wrong with it.', examples: ['must be array'] }),
        }),
        { description: 'With `invalid_request`: the fields that are wrong.' },
      ),
    ),
  },
  { description: 'Whether a key is good for what was asked.' },
)

/** The answers about several keys. */
export type ApiKeyVerdicts = Static<typeof ApiKeyVerdicts>
export const ApiKeyVerdicts = Type.Object(
  { data: Type.Array(ApiKeyVerdict, { description: 'One for each request, in the order of the requests.' }) },
  { description: 'Whether keys are good for what was asked.' },
)
