import type { Author, Grant, Owners, ReservedScope } from '@latchkey/engine'
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { FST_LATCHKEY_OPTION } from './config-errors.ts'
import type { KeySpace } from './key-space.ts'
import type { Authorize, Principal, Role } from './options.ts'
import { originOf } from './origin-of.ts'
import { ProblemError } from './problem.ts'
import { grantOf, isSafe, rootKeyOf } from './root-key.ts'

const ROLES: readonly unknown[] = ['owner', 'admin', 'developer', 'viewer'] satisfies Role[]

/** Under which a key route finds who asks. */
const PRINCIPAL = 'latchkeyPrincipal'

/** Who asks, a person or a program with a key. */
export interface GrantedPrincipal extends Principal {
  /** With what the audit trail tells of them beside their name. */
  actor: Author
  /** What they may hand out, at this moment. */
  grant: () => Promise<Grant>
}

/** What people may hand out of whom the host says no more: everything but the scope that reaches the keys of all owners. */
const UNBOUNDED: Grant = Object.freeze({ scopes: null, expiresAt: null, environment: null })
/** Who may not see the audit trail makes no key that may. */
const UNAUDITED: readonly ReservedScope[] = ['audit:read']
const NOTHING: readonly ReservedScope[] = []

/**
 * Makes the hook that every key route has: unless a key has opened it, the hook asks the host who the request comes
 * from, before any body is read.
 *
 * Every 401 must name a scheme (RFC 9110, section 15.5.2). How people sign in is the host's affair, so the
 * challenge only says that they do; an error of the host's own may carry a better one in its headers.
 */
export function createAuthorizeHook(authorize: Authorize, keySpace: KeySpace) {
  const { namespace, owners } = keySpace.engine
  const challenge = `Session realm="${namespace}"`
  return async function authorizeRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const key = rootKeyOf(request)
    if (key !== null) {
      const { owner, id, name } = key
      const grant = () => grantOf(keySpace, key)
      const actor: Author = { id, name, type: 'key', from: originOf(request) }
      setPrincipal(request, { owner, actor, role: 'developer', grant })
      return
    }
    const principal = await ask(authorize, request, () => {
      reply.header('www-authenticate', challenge)
    })
    if (!isSafe(request.method)) {
      if (principal.role === 'viewer') throw new ProblemError('forbidden')
      await refuseSuspended(owners, principal.owner)
    }
    if (principal.ownerScopes !== undefined) await keepOwnerScopes(owners, principal)
    const withheld = isAuditor(principal.role) ? NOTHING : UNAUDITED
    const grant: Grant = {
      ...UNBOUNDED,
      scopes: principal.scopes ?? null,
      withheld,
      isAdmin: isAuditor(principal.role),
      isProven: principal.isProven ?? true,
    }
    const { id, name } = principal.actor
    const actor: Author = { id, name, type: 'person', from: originOf(request) }
    setPrincipal(request, { ...principal, actor, grant: () => Promise.resolve(grant) })
  }
}

/** Lets through who may see the audit trail; a key has shown by then that it has the scope for it. */
export const requireAuditor: onRequestHookHandler = (request, _reply, done) => {
  if (rootKeyOf(request) !== null || isAuditor(principalOf(request).role)) return done()
  done(new ProblemError('forbidden', { detail: 'Only owners and admins see the audit trail.' }))
}

function isAuditor(role: Role): boolean {
  return role === 'owner' || role === 'admin'
}

function setPrincipal(request: FastifyRequest, principal: GrantedPrincipal): void {
  request.setDecorator(PRINCIPAL, principal)
}

/** Declares in a scope of key routes where the hook leaves what it learned. */
export function decoratePrincipal(scope: { decorateRequest(name: string, value: null): unknown }): void {
  scope.decorateRequest(PRINCIPAL, null)
}

/** Who asks; every key route runs after the hook. */
export function principalOf(request: FastifyRequest): GrantedPrincipal {
  return request.getDecorator<GrantedPrincipal>(PRINCIPAL)
}

/** Its people see why; its keys are refused wherever they come. */
async function refuseSuspended(owners: Owners, owner: string): Promise<void> {
  const { suspension } = await owners.get(owner)
  if (suspension === null) return
  const detail = `Nothing can be made or changed until the suspension is lifted. The reason: ${suspension.reason}`
  throw new ProblemError('owner_suspended', { detail })
}

/** What the owner may do is the host's to say, so one that cannot be is a mistake in its code. */
async function keepOwnerScopes(owners: Owners, { owner, ownerScopes }: Principal): Promise<void> {
  const result = await owners.setScopes(owner, ownerScopes ?? null)
  if (!result.ok) throw new FST_LATCHKEY_OPTION(`\`ownerScopes\` of \`authorize\` ${result.message}.`)
}

const SIGN_IN = 'Sign in to manage keys, or send a key with the scope keys:read or keys:write.'

async function ask(
  authorize: Authorize,
  request: FastifyRequest,
  onUnauthenticated: () => void,
): Promise<Principal> {
  try {
    const principal = await authorize(request)
    if (principal === null) throw new ProblemError('unauthenticated', { detail: SIGN_IN })
    if (isPrincipal(principal)) return principal
  } catch (error) {
    if ((error as { statusCode?: unknown } | null)?.statusCode === 401) onUnauthenticated()
    throw error
  }
  throw new FST_LATCHKEY_OPTION(
    '`authorize` must return null or { owner, actor: { id, name }, role }, with a role among owner, admin, developer and viewer; `scopes`, if there, a list or null; `isProven`, if there, true or false.',
  )
}

/** TypeScript has checked it where there is TypeScript; a door that opens on a misspelt field is too dear to leave to that. */
function isPrincipal(value: unknown): value is Principal {
  if (typeof value !== 'object' || value === null) return false
  const { owner, actor, role, scopes, isProven } = value as Partial<Principal>
  return (
    typeof owner === 'string' &&
    owner !== '' &&
    typeof actor?.id === 'string' &&
    actor.id !== '' &&
    (actor.name === null || typeof actor.name === 'string') &&
    ROLES.includes(role) &&
    (scopes === undefined || scopes === null || Array.isArray(scopes)) &&
    (isProven === undefined || typeof isProven === 'boolean')
  )
}
