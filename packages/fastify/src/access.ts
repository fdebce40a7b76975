import type { onRequestAsyncHookHandler, onRequestHookHandler } from 'fastify'
import { createAuthorizeHook, requireAuditor } from './authorize.ts'
import { NO_SCOPES, type KeySpace } from './key-space.ts'
import { apiKeySecurity, KEY_PROBLEMS, type SecurityRequirement } from './openapi.ts'
import type { ResolvedOptions } from './options.ts'
import type { ProblemCode } from './problem.ts'
import { createRequireApiKey } from './require-api-key.ts'
import { AUDIT_SCOPES, createRootKeyHook, KEY_SCOPES, scopeFor, VERIFY } from './root-key.ts'

/** Who may use a route: how that is enforced, and how the document tells it. */
export interface Access {
  onRequest: (onRequestHookHandler | onRequestAsyncHookHandler)[]
  /** Any of these will do. */
  security: (method: string) => SecurityRequirement[]
  problems: readonly ProblemCode[]
}

type PeopleOptions = Pick<ResolvedOptions, 'authorize' | 'managementSecurity'>

/** For the people whom the host recognises, and for keys that may manage the keys of their owner. */
export function managementAccess(
  keySpace: KeySpace,
  { authorize, managementSecurity }: PeopleOptions,
  scopes = KEY_SCOPES,
): Access {
  return {
    onRequest: [createRootKeyHook(keySpace, scopes), createAuthorizeHook(authorize, keySpace)],
    security: (method) => [
      ...Object.keys(managementSecurity).map((scheme) => ({ [scheme]: [] })),
      ...apiKeySecurity([scopeFor(method, scopes)]),
    ],
    problems: KEY_PROBLEMS,
  }
}

/** For owners and admins, and for keys that may see the audit trail of their owner: it tells of other people. */
export function auditAccess(keySpace: KeySpace, options: PeopleOptions): Access {
  const access = managementAccess(keySpace, options, AUDIT_SCOPES)
  return {
    ...access,
    onRequest: [...access.onRequest, requireAuditor],
    problems: [...access.problems, 'forbidden'],
  }
}

/** For the host's own services, each with a key of its own. */
export function serviceAccess(keySpace: KeySpace): Access {
  const scopes = [VERIFY]
  return {
    onRequest: [createRequireApiKey({ ...NO_SCOPES, keySpace, scopes, cost: 1, hasErrorHandler: false })],
    security: () => apiKeySecurity(scopes),
    problems: KEY_PROBLEMS,
  }
}

/** For whoever has a good key, whatever it may do. */
export function anyKeyAccess(keySpace: KeySpace): Access {
  return {
    onRequest: [createRequireApiKey({ ...NO_SCOPES, keySpace, cost: 1, hasErrorHandler: false })],
    security: () => apiKeySecurity([]),
    problems: KEY_PROBLEMS,
  }
}

/** For everybody. */
export const PUBLIC_ACCESS: Access = { onRequest: [], security: () => [], problems: ['unavailable'] }
