export { createClient, type ClientOptions, type LatchkeyClient } from './client.ts'
export type {
  ApiKey,
  ApiKeyList,
  ApiKeyUsage,
  CreateApiKey,
  CreatedApiKey,
  Problem,
  ScopeList,
  Session,
  UpdateApiKey,
} from './types.ts'
export type { paths } from './paths.ts'
