import type { paths as accountPaths } from './account-schema.ts'
import type { components } from './schema.ts'

type Schemas = components['schemas']

/** A key as the routes show it. Its secret is not part of it. */
export type ApiKey = Schemas['ApiKey']
/** One page of keys. */
export type ApiKeyList = Schemas['ApiKeyList']
/** A new key with its secret, shown this once. */
export type CreatedApiKey = Schemas['CreatedApiKey']
/** A key as it is after a change; with a receipt when the change disabled it. */
export type UpdatedApiKey = Schemas['UpdatedApiKey']
/** A key that was revoked, and how far that had come. */
export type DeletedApiKey = Schemas['DeletedApiKey']
/** Why to revoke a key. */
export type RevokeApiKey = Schemas['RevokeApiKey']
/** By whom and why a key was revoked, and until when it can be restored. */
export type Revocation = Schemas['ApiKeyRevocation']
/** A key that was restored. */
export type RestoredApiKey = Schemas['RestoredApiKey']
/** What to do to several keys at once. */
export type ChangeApiKeys = Schemas['ChangeApiKeys']
/** What became of each of several keys. */
export type ChangedApiKeys = Schemas['ChangedApiKeys']
/** What was ended by whoever holds it. */
export type SelfRevokedApiKey = Schemas['SelfRevokedApiKey']
/** How many nodes refused a key when the reply was sent, and how soon they did. */
export type RevocationReceipt = Schemas['RevocationReceipt']
/** How often a key may be used within a while. */
export type RateLimit = Schemas['ApiKeyRateLimit']
/** What holds for new keys: what the workspace asks, and what comes of it. */
export type KeyPolicy = Schemas['ApiKeyPolicy']
/** How many credits a key may spend, and how many are left. */
export type Quota = Schemas['ApiKeyQuota']
/** What to send to create a key. */
export type CreateApiKey = Schemas['CreateApiKey']
/** What to send to change a key. */
export type UpdateApiKey = Schemas['UpdateApiKey']
/** How often keys were used over time. */
export type ApiKeyUsage = Schemas['ApiKeyUsage']
/** How often several keys were used over the same time. */
export type ApiKeysUsage = Schemas['ApiKeysUsage']
/** Which routes a key opened, and which of its scopes it needed for that. */
export type ApiKeyRoutes = Schemas['ApiKeyRoutes']
/** One change of keys, as the audit trail tells it. */
export type AuditEvent = Schemas['ApiKeyAuditEvent']
/** The scopes that keys may hold. */
export type ScopeList = Schemas['ScopeList']
/** A key to check, and what it must be good for. */
export type VerifyApiKey = Schemas['VerifyApiKey']
/** Whether a key is good for what was asked. */
export type ApiKeyVerdict = Schemas['ApiKeyVerdict']
/** A key that was recognised by a check. */
export type VerifiedApiKey = Schemas['VerifiedApiKey']
/** What to send to exchange a key for a token. */
export type CreateToken = Schemas['CreateApiKeyToken']
/** A token of minutes, shown this once. */
export type CreatedToken = Schemas['CreatedApiKeyToken']
/** Every error: a problem document (RFC 9457). Programs look at `code`. */
export type Problem = Schemas['ApiKeyProblem']
/** Who is signed in, and in which workspace. */
export type Session = accountPaths['/v1/session']['get']['responses'][200]['content']['application/json']
/** A person in the workspace. */
export type Member = accountPaths['/v1/members/{id}']['get']['responses'][200]['content']['application/json']
/** An invitation that nobody has accepted yet. */
export type Invitation =
  accountPaths['/v1/invitations']['get']['responses'][200]['content']['application/json']['data'][number]
/** Where a person is signed in. */
export type LiveSession =
  accountPaths['/v1/sessions']['get']['responses'][200]['content']['application/json']['data'][number]
/** A workspace, as operators see it. */
export type OperatorWorkspace =
  accountPaths['/v1/operator/workspaces/{id}']['get']['responses'][200]['content']['application/json']
/** A key of some workspace, as operators find it. */
export type FoundKey =
  accountPaths['/v1/operator/keys/find']['post']['responses'][200]['content']['application/json']['data'][number]
/** How the nodes and their feed of changes are. */
export type PlatformHealth =
  accountPaths['/v1/operator/health']['get']['responses'][200]['content']['application/json']
/** Whether a person can sign in by the OpenID provider. */
export type OpenIdConnection =
  accountPaths['/v1/openid/connection']['get']['responses'][200]['content']['application/json']
/** A way to sign in without a password. */
export type Passkey =
  accountPaths['/v1/passkeys']['get']['responses'][200]['content']['application/json']['data'][number]
