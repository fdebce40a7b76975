export { createLatchkey, type Latchkey } from './latchkey.ts'
export type { LatchkeyOptions } from './latchkey-options.ts'
export type { CreateOptions, CreateResult, Keys, ListResult, RevokeResult } from './keys.ts'
export type { UpdateOptions, UpdateRefusal, UpdateResult } from './key-update.ts'
export type { BeyondGrant, Grant } from './grant.ts'
export { RESERVED_SCOPES, type ReservedScope } from './reserved-scopes.ts'
export {
  DEFAULT_PAGE_SIZE,
  KEY_SORTS,
  MAX_PAGE_SIZE,
  MAX_SEARCH_LENGTH,
  type ListOptions,
} from './key-list.ts'
export {
  MAX_METADATA_BYTES,
  MAX_METADATA_DEPTH,
  MAX_RATE_LIMIT,
  MAX_RATE_LIMIT_WINDOW_SECONDS,
  MAX_RATE_LIMITS,
  MAX_SCOPES,
  RATE_LIMIT_NAME,
  type InvalidInput,
} from './key-input.ts'
export { MAX_IDEMPOTENCY_KEY_LENGTH, MIN_IDEMPOTENCY_KEY_LENGTH } from './idempotency.ts'
export {
  KEY_STATES,
  keyState,
  type Actor,
  type ApiKey,
  type JsonValue,
  type KeyState,
  type Metadata,
} from './key.ts'
export { MAX_NAME_LENGTH, parseKeyName, type KeyName } from './key-name.ts'
export type { KeySort } from './store.ts'
export {
  generateSecret,
  isKeyPrefix,
  MAX_SECRET_LENGTH,
  parseSecret,
  SECRET_PATTERN,
  type Environment,
  type SecretParts,
} from './secret.ts'
export type {
  Accepted,
  KeyRefusal,
  RateLimited,
  RefusalReason,
  Refused,
  Requirement,
  Verdict,
  VerifiedKey,
} from './verdict.ts'
export type { Verify } from './verify.ts'
export { MAX_WRONG_SECRETS_PER_MINUTE, type Caller } from './attempts.ts'
export type { RateLimit, RateLimitState } from './rate-limit.ts'
export type { RevocationReceipt } from './receipts.ts'
export { MAX_UNCONFIRMED_MS } from './cache.ts'
export { openDatabase, type Database, type DrizzleDatabase } from './postgres/database.ts'
export { migrate } from './postgres/migrate.ts'
export { StoreUnavailable } from './store-unavailable.ts'
export type { Usage, UsageBucket, UsageCounts, UsageResult, UsageSeries } from './usage-series.ts'
export { MAX_USAGE_BUCKETS, USAGE_INTERVALS, type UsageInterval, type UsageQuery } from './usage-query.ts'
export type { UsageRetentionDays } from './usage-retention.ts'
