export { createLatchkey, type Latchkey } from './latchkey.ts'
export type { LatchkeyOptions } from './latchkey-options.ts'
export type { CreateOptions, CreateResult, Keys, ListResult } from './keys.ts'
export type {
  Lifecycle,
  RestoreOptions,
  RestoreResult,
  RevokeOptions,
  RevokeResult,
} from './key-lifecycle.ts'
export {
  BULK_ACTIONS,
  MAX_BULK_KEYS,
  type BulkAction,
  type BulkItemResult,
  type BulkOptions,
  type BulkRefusal,
  type BulkResult,
} from './key-bulk.ts'
export {
  type AlreadyRevoked,
  MAX_NOTE_LENGTH,
  restorableUntil,
  REVOCATION_REASONS,
  type Revocation,
  type RevocationOptions,
  type RevocationReason,
  type Unrestorable,
} from './revocation.ts'
export type { Held, Holders, SelfRevokeResult } from './holders.ts'
export { revisionOf, type Condition, type Stale } from './revision.ts'
export { AUTHOR_TYPES, type Author, type AuthorType, type Origin } from './author.ts'
export type {
  Audit,
  AuditExportResult,
  AuditListResult,
  AuditReport,
  CheckedOwner,
  OperatorAct,
} from './audit.ts'
export type { AuditFault, AuditHead } from './audit-chain.ts'
export {
  AUDIT_ACTIONS,
  OPERATOR_ACTIONS,
  type AuditAction,
  type AuditedFields,
  type AuditEvent,
  type OperatorAction,
} from './audit-event.ts'
export type { AuditFilters, AuditListOptions } from './audit-query.ts'
export { AUDIT_CSV_HEADER, auditCsvLine, auditJsonLine } from './audit-text.ts'
export type { ImportCounts, ImportFailure, ImportRunOptions, Imports } from './imports.ts'
export { IMPORT_FIELDS, type ImportRow } from './import-row.ts'
export { IMPORT_FORMATS, type ImportFormat } from './import-formats.ts'
export type { ImportOptions } from './import-options.ts'
export type { UpdateOptions, UpdateRefusal, UpdateResult } from './key-update.ts'
export type { BeyondGrant, Grant, GrantRefusal, Unproven } from './grant.ts'
export { RESERVED_SCOPES, type ReservedScope } from './reserved-scopes.ts'
export {
  DEFAULT_PAGE_SIZE,
  KEY_SORTS,
  MAX_FILTER_LENGTH,
  MAX_PAGE_SIZE,
  MAX_SEARCH_LENGTH,
  type ListOptions,
} from './key-list.ts'
export type { InvalidInput } from './checked.ts'
export type { PepperOptions } from './pepper-options.ts'
export type { PepperStatus, PepperUpkeep } from './pepper-upkeep.ts'
export type { KeyUnderPepper, PepperCount } from './pepper-store.ts'
export {
  MAX_METADATA_BYTES,
  MAX_METADATA_DEPTH,
  MAX_RATE_LIMIT,
  MAX_RATE_LIMIT_WINDOW_SECONDS,
  MAX_RATE_LIMITS,
  MAX_ROTATE_EVERY_DAYS,
  MAX_SCOPES,
  RATE_LIMIT_NAME,
} from './key-input.ts'
export { MAX_ALLOWED_IPS } from './address-list.ts'
export { MAX_ALLOWED_ORIGINS } from './origin-list.ts'
export { KEY_KINDS, type KeyKind } from './key-kind.ts'
export {
  MAX_SUSPENSION_REASON_LENGTH,
  type OwnerSettings,
  type Owners,
  type PolicyChange,
  type SettingResult,
  type SuspendResult,
  type Suspension,
} from './owners.ts'
export type { Directory, KeyClue, OwnerSummary } from './directory.ts'
export type { Nodes, NodeStatus } from './nodes.ts'
export {
  MAX_GRACE_SECONDS,
  type RetireResult,
  type RotateOptions,
  type RotateResult,
} from './key-rotation.ts'
export { MAX_POLICY_DAYS, strictestExpiry, type ExpiryPolicy } from './expiry-policy.ts'
export { NO_ISSUE_POLICY, type IssuePolicy } from './issue-policy.ts'
export type { ScopeDeclaration, ScopeSet } from './scopes.ts'
export { MAX_IDEMPOTENCY_KEY_LENGTH, MIN_IDEMPOTENCY_KEY_LENGTH } from './idempotency.ts'
export {
  expiresSoon,
  KEY_STATES,
  keyState,
  rotationDueAt,
  type Actor,
  type ApiKey,
  type JsonValue,
  type KeyState,
  type Metadata,
  type RetiringSecret,
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
  QuotaExceeded,
  RateLimited,
  RefusalReason,
  Refused,
  Requirement,
  Verdict,
  VerifiedKey,
} from './verdict.ts'
export type { Verify } from './verify.ts'
export { MAX_WRONG_SECRETS_PER_MINUTE } from './attempts.ts'
export type { Caller } from './caller.ts'
export type { RateLimit, RateLimitState } from './rate-limit.ts'
export { MAX_CREDITS, QUOTA_PERIODS, type Quota, type QuotaDefinition, type QuotaPeriod } from './quota.ts'
export type { QuotaOptions, QuotaUpdate } from './quota-input.ts'
export type { IssueOptions, IssueResult, Tokens } from './tokens.ts'
export {
  DEFAULT_TOKEN_LIFETIME_SECONDS,
  MAX_AUDIENCE_LENGTH,
  MAX_TOKEN_LIFETIME_SECONDS,
  MIN_TOKEN_LIFETIME_SECONDS,
  type TokenOptions,
} from './token-options.ts'
export type { Jwks } from './signing-keys.ts'
export type { PublicSigningKey } from './signing-key.ts'
export { JWKS_MAX_AGE_SECONDS } from './signing-schedule.ts'
export type { RevocationReceipt } from './receipts.ts'
export { MAX_UNCONFIRMED_MS } from './cache.ts'
export { openDatabase, type Database, type DrizzleDatabase } from './postgres/database.ts'
export {
  inspectDatabase,
  tryNotifications,
  type DatabaseFacts,
  type Hearing,
  type RoleFacts,
} from './postgres/inspection.ts'
export { migrate, migrationStatus, type MigrationStatus } from './postgres/migrate.ts'
export { StoreUnavailable } from './store-unavailable.ts'
export type { Usage, UsageBucket, UsageCounts, UsageResult, UsageSeries } from './usage-series.ts'
export {
  DEFAULT_TOP_KEYS,
  MAX_BUCKETS_OF_KEYS,
  MAX_USAGE_KEYS,
  type KeysUsage,
  type KeysUsageQuery,
  type KeysUsageResult,
  type KeyUsage,
} from './usage-of-keys.ts'
export { MAX_USAGE_BUCKETS, USAGE_INTERVALS, type UsageInterval, type UsageQuery } from './usage-query.ts'
export type { UsageRetentionDays } from './usage-retention.ts'
export {
  DEFAULT_ROUTE_USE_DAYS,
  MAX_ROUTE_USE_DAYS,
  type ReportRouteUse,
  type RouteUseReport,
  type RouteUseResult,
  type UsedRoute,
} from './route-use-report.ts'
export type { KeyRoute, RouteCounter } from './route-uses.ts'
