import type { Cookies } from '@sveltejs/kit'
import { redirectTarget } from './redirect-target.ts'

const name = '__Host-latchkey_openid_way'
const attributes = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const
const tenMinutes = 600
const longest = 1_000

/** The page from which somebody went to the OpenID provider, and where they go when it has signed them in. */
export interface OpenIdWay {
  from: 'sign-in' | 'invitation' | 'security'
  to: string
}

export function keepWay(cookies: Cookies, { from, to }: OpenIdWay): void {
  cookies.set(name, `${from} ${to.length > longest ? '/' : to}`, { ...attributes, maxAge: tenMinutes })
}

/** The way that this browser went; that of the sign-in page where it has forgotten. */
export function takeWay(cookies: Cookies): OpenIdWay {
  const [from, to = ''] = (cookies.get(name) ?? '').split(/ (.*)/s)
  cookies.delete(name, attributes)
  return { from: from === 'invitation' || from === 'security' ? from : 'sign-in', to: redirectTarget(to) }
}

/** Back to where somebody came from, to be told what went wrong. */
export function pageWithProblem({ from, to }: OpenIdWay, problem: string): string {
  const query = new URLSearchParams({ problem })
  if (from === 'invitation') return `/invitation?${query}`
  if (from === 'security') return `/settings/security/openid?${query}`
  if (to !== '/') query.set('redirectTo', to)
  return `/sign-in?${query}`
}
