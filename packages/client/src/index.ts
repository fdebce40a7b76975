export { createClient, type ClientOptions, type LatchkeyClient } from './client.ts'
export type {
  ApiKey,
  ApiKeyList,
  ApiKeyUsage,
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
} from './types.ts'
export type { paths } from './paths.ts'
