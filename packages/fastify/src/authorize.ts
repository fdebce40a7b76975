import type { FastifyRequest } from 'fastify'
import { FST_LATCHKEY_OPTION } from './config-errors.ts'
import type { Authorize, Principal } from './options.ts'
import { ProblemError } from './problem.ts'

const ROLES: readonly unknown[] = ['owner', 'admin', 'developer', 'viewer'] satisfies Principal['role'][]

/** Under which a key route finds who asks. */
const PRINCIPAL = 'latchkeyPrincipal'

/** Makes the hook that every key route has: it asks the host who the request comes from, before any body is read. */
export function createAuthorizeHook(authorize: Authorize, realm: string) {
  return async function authorizeRequest(request: FastifyRequest): Promise<void> {
    const principal = await authorize(request)
    if (principal === null) throw signInRequired(realm)
    if (!isPrincipal(principal)) {
      throw new FST_LATCHKEY_OPTION(
        '`authorize` must return null or { owner, actor: { id, name }, role }, with a role among owner, admin, developer and viewer.',
      )
    }
    if (principal.role === 'viewer' && !isSafe(request.method)) throw new ProblemError('forbidden')
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

/** Every 401 must name a scheme (RFC 9110, section 15.5.2). How people sign in is the host's affair, so this one only says that they do. */
function signInRequired(realm: string): ProblemError {
  return new ProblemError('unauthenticated', {
    detail: 'Sign in to manage keys.',
    headers: { 'www-authenticate': `Session realm="${realm}"` },
  })
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** TypeScript has checked it where there is TypeScript; a door that opens on a misspelt field is too dear to leave to that. */
function isPrincipal(value: Principal): boolean {
  return (
    typeof value === 'object' &&
    typeof value.owner === 'string' &&
    value.owner !== '' &&
    typeof value.actor?.id === 'string' &&
    value.actor.id !== '' &&
    (value.actor.name === null || typeof value.actor.name === 'string') &&
    ROLES.includes(value.role)
  )
}
