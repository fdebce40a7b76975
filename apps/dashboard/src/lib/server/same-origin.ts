import { ORIGIN } from '$app/env/private'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Whether a request may change something: browsers name the page a change comes from, and only our own pages qualify.
 * A missing, `null`, sibling-subdomain or other-port origin is foreign, whatever the body’s type.
 */
export function isForeignChange(request: Request): boolean {
  if (safeMethods.has(request.method)) return false
  const site = request.headers.get('sec-fetch-site')
  return request.headers.get('origin') !== ORIGIN || (site !== null && site !== 'same-origin')
}
