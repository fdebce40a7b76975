import { keyState, type Grant, type ReservedScope, type VerifiedKey } from '@latchkey/engine'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { presentsSecretOf } from './credentials.ts'
import { NO_SCOPES, refusalOf, type KeySpace } from './key-space.ts'
import { createRequireApiKey } from './require-api-key.ts'

/** What a key needs for what only shows, and for what changes something. */
export interface ManagementScopes {
  readonly read: ReservedScope
  readonly write: ReservedScope
}

/** To see keys, and to change them. */
export const KEY_SCOPES: ManagementScopes = { read: 'keys:read', write: 'keys:write' }
/** To see who changed what, which nobody changes. */
export const AUDIT_SCOPES: ManagementScopes = { read: 'audit:read', write: 'audit:read' }
/** What the host's own services and proxies need, to have the keys of every owner checked. */
export const VERIFY = 'latchkey:verify'

/** Whether a method only shows; it decides what is asked of a person's role and of a key's scopes alike. */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** The one of some scopes that a method needs. */
export function scopeFor(method: string, { read, write }: ManagementScopes): ReservedScope {
  return isSafe(method) ? read : write
}

/**
 * Makes the hook that lets programs manage the keys of their own owner, with a key that has the scope for it. What
 * begins like a secret of this key space is one, and what becomes of it is final: a session that comes with it opens
 * nothing more. Anything else, as a host's own token, is left to the host.
 */
export function createRootKeyHook(
  keySpace: KeySpace,
  { read, write }: ManagementScopes,
): onRequestHookHandler {
  const { keyPrefix } = keySpace.engine
  const rule = { ...NO_SCOPES, keySpace, cost: 1, hasErrorHandler: false }
  const requireRead = createRequireApiKey({ ...rule, scopes: [read] })
  const requireWrite = createRequireApiKey({ ...rule, scopes: [write] })

  return function requireRootKey(request, reply, done) {
    if (!presentsSecretOf(keyPrefix, request.raw)) return done()
    const requireScope = isSafe(request.method) ? requireRead : requireWrite
    requireScope.call(this, request, reply, done)
  }
}

/** The key that a request to a key route came with, once the hook has let it pass; null when a person sent it. */
export function rootKeyOf(request: FastifyRequest): VerifiedKey | null {
  return request.apiKey
}

/**
 * What a key may hand out: what it has itself, but for the scope that reaches the keys of all owners. Its record is read anew, since the request may have been under way for
 * long, or the news of a revocation not here yet; a key must not outlive itself in one that it makes.
 */
export async function grantOf(keySpace: KeySpace, { owner, id }: VerifiedKey): Promise<Grant> {
  const key = await keySpace.engine.keys.get(owner, id)
  if (key === null) throw refusalOf('unknown', keySpace, NO_SCOPES)
  const state = keyState(key, Date.now())
  if (state !== 'active') throw refusalOf(state, keySpace, NO_SCOPES)
  if (!key.scopes.includes(KEY_SCOPES.write))
    throw refusalOf('insufficient_scope', keySpace, { ...NO_SCOPES, scopes: [KEY_SCOPES.write] })
  const scopes = key.scopes.filter((scope) => scope !== VERIFY)
  return { scopes, expiresAt: key.expiresAt, environment: key.environment }
}
