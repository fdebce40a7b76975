import type { Latchkey, Owners } from '@latchkey/engine'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { FST_LATCHKEY_OPTION } from './config-errors.ts'
import type { Authorize, Principal, Role } from './options.ts'
import { ProblemError } from './problem.ts'

const ROLES: readonly unknown[] = ['owner', 'admin', 'developer', 'viewer'] satisfies Role[]

/** Under which a key route finds who asks. */
const PRINCIPAL = 'latchkeyPrincipal'

/**
 * Makes the hook that every key route has: it asks the host who the request comes from, before any body is read.
 *
 * Every 401 must name a scheme (RFC 9110, section 15.5.2). How people sign in is the host's affair, so the
 * challenge only says that they do; an error of the host's own may carry a better one in its headers.
 */
export function createAuthorizeHook(authorize: Authorize, { namespace, owners }: Latchkey) {
  const challenge = `Session realm="${namespace}"`
  return async function authorizeRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const principal = await ask(authorize, request, () => {
      reply.header('www-authenticate', challenge)
    })
    if (principal.role === 'viewer' && !isSafe(request.method)) throw new ProblemError('forbidden')
    if (principal.ownerScopes !== undefined) await keepOwnerScopes(owners, principal)
    request.setDecorator(PRINCIPAL, principal)
  }
}

/** Declares in a scope of key routes where the hook leaves what it learned. */
export function decoratePrincipal(scope: { decorateRequest(name: string, value: null): unknown }): void {
  scope.decorateRequest(PRINCIPAL, null)
}

/** Who asks; every key route runs after the hook. */
export function principalOf(request: FastifyRequest): Principal {
  return request.getDecorator<Principal>(PRINCIPAL)
}

/** What the owner may do is the host's to say, so one that cannot be is a mistake in its code. */
async function keepOwnerScopes(owners: Owners, { owner, ownerScopes }: Principal): Promise<void> {
  const result = await owners.setScopes(owner, ownerScopes ?? null)
  if (!result.ok) throw new FST_LATCHKEY_OPTION(`\`ownerScopes\` of \`authorize\` ${result.message}.`)
}

async function ask(
  authorize: Authorize,
  request: FastifyRequest,
  onUnauthenticated: () => void,
): Promise<Principal> {
  try {
    const principal = await authorize(request)
    if (principal === null) throw new ProblemError('unauthenticated', { detail: 'Sign in to manage keys.' })
    if (isPrincipal(principal)) return principal
  } catch (error) {
    if ((error as { statusCode?: unknown } | null)?.statusCode === 401) onUnauthenticated()
    throw error
  }
  throw new FST_LATCHKEY_OPTION(
    '`authorize` must return null or { owner, actor: { id, name }, role }, with a role among owner, admin, developer and viewer.',
  )
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** TypeScript has checked it where there is TypeScript; a door that opens on a misspelt field is too dear to leave to that. */
function isPrincipal(value: unknown): value is Principal {
  if (typeof value !== 'object' || value === null) return false
  const { owner, actor, role } = value as Partial<Principal>
  return (
    typeof owner === 'string' &&
    owner !== '' &&
    typeof actor?.id === 'string' &&
    actor.id !== '' &&
    (actor.name === null || typeof actor.name === 'string') &&
    ROLES.includes(role)
  )
}
