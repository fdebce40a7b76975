import type { FastifyRequest } from 'fastify'
import { hasSessionCookie } from './session-cookie.ts'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Whether a page of another site made the browser send this request: such a page may not change anything in the
 * name of whoever is signed in, nor sign anybody in. A sibling domain is another site too.
 *
 * Programs send neither `Origin` nor `Sec-Fetch-Site`, and a call with a key alone needs no protection, since no
 * browser adds a key by itself.
 */
export function isCrossOrigin(request: FastifyRequest, dashboardUrl: URL): boolean {
  if (safeMethods.has(request.method)) return false
  if (hasKeyAlone(request)) return false
  const { origin, 'sec-fetch-site': site } = request.headers
  if (origin !== undefined) return origin !== dashboardUrl.origin && !isOwnOrigin(origin, request)
  return site === 'cross-site' || site === 'same-site'
}

function hasKeyAlone(request: FastifyRequest): boolean {
  const { authorization, 'x-api-key': apiKey } = request.headers
  return (authorization !== undefined || apiKey !== undefined) && !hasSessionCookie(request)
}

/** The API's own pages, as its reference under /docs. */
function isOwnOrigin(origin: string, request: FastifyRequest): boolean {
  return URL.canParse(origin) && new URL(origin).host === request.host
}
