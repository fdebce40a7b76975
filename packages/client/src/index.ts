export { createClient, type ClientOptions, type LatchkeyClient } from './client.ts'
export type {
  ApiKey,
  ApiKeyList,
  ApiKeyUsage,
  ApiKeyVerdict,
  CreateApiKey,
  CreatedApiKey,
  DeletedApiKey,
  Problem,
  Quota,
  RateLimit,
  RevocationReceipt,
  ScopeList,
  Session,
  UpdateApiKey,
  UpdatedApiKey,
  VerifiedApiKey,
  VerifyApiKey,
} from './types.ts'
export type { paths } from './paths.ts'
