export { latchkey, latchkey as default } from './plugin.ts'
export type { Authorize, LatchkeyPluginOptions, Principal, Role } from './options.ts'
export type { ApiKeyRequirement } from './protected-routes.ts'
export { problems } from './problems.ts'
export { problemServerOptions } from './server-options.ts'
export { ProblemError, PROBLEMS, type FieldError, type ProblemCode, type ProblemOptions } from './problem.ts'
export { apiKeySecuritySchemes, type SecurityScheme } from './openapi.ts'
export { Problem } from './problem-schema.ts'
export { Quota } from './quota-schemas.ts'
export {
  ApiKey,
  CreateApiKey,
  CreatedApiKey,
  DeletedApiKey,
  RateLimit,
  RetiringSecret,
  RevocationReceipt,
  ScopeList,
  UpdateApiKey,
  UpdatedApiKey,
} from './schemas.ts'
export {
  ChangeApiKeys,
  ChangedApiKey,
  ChangedApiKeys,
  RestoredApiKey,
  RevokeApiKey,
  SelfRevokeApiKey,
  SelfRevokedApiKey,
} from './lifecycle-schemas.ts'
export { AuditEvent, AuditEventList, ExportAuditEvents, ListAuditEvents } from './audit-schemas.ts'
export { Revocation } from './revocation-schemas.ts'
export { ExpiryPolicy, KeyPolicy, UpdateKeyPolicy } from './policy-schemas.ts'
export { RotateApiKey, RotatedApiKey, UpdateRetiringSecret } from './rotation-schemas.ts'
export { CreatedToken, CreateToken, JsonWebKeySet } from './token-schemas.ts'
export { ApiKeyList, ListApiKeys } from './list-schemas.ts'
export { ApiKeysUsage, ApiKeyUsage, KeysUsageParams, UsageParams } from './usage-schemas.ts'
export { ApiKeyRoutes, RouteUseParams } from './route-use-schemas.ts'
export {
  ApiKeyVerdict,
  ApiKeyVerdicts,
  RateLimitState,
  VerifiedApiKey,
  VerifyApiKey,
  VerifyApiKeys,
} from './verify-schemas.ts'
export {
  auditJsonLine,
  createLatchkey,
  keyState,
  MAX_SUSPENSION_REASON_LENGTH,
  migrate,
  openDatabase,
  parseSecret,
  RESERVED_SCOPES,
  SECRET_PATTERN,
  StoreUnavailable,
  type Actor,
  type ApiKey as ApiKeyRecord,
  type Author,
  type Database,
  type DrizzleDatabase,
  type Environment,
  type ImportOptions,
  type ImportRow,
  type KeyClue,
  type Latchkey,
  type NodeStatus,
  type PepperOptions,
  type Suspension,
  type VerifiedKey,
} from '@latchkey/engine'
