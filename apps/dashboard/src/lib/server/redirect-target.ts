import type { RequestEvent } from '@sveltejs/kit'

const base = 'http://here.invalid'

/** Where to go after sign-in: a path of this site, or `/` for anything else that was asked for. */
export function redirectTarget(wanted: string | null): string {
  if (!wanted?.startsWith('/') || !URL.canParse(wanted, base)) return '/'
  const url = new URL(wanted, base)
  // The path is checked once more: `/.//evil.example` is of this origin, and its path is `//evil.example`.
  return url.origin === base && !/^\/[/\\]/.test(url.pathname) ? url.pathname + url.search : '/'
}

/** The sign-in page that comes back here afterwards. What a form was about to change is not repeated. */
export function signInPath({ url, request }: RequestEvent): string {
  const here = request.method === 'GET' ? url.pathname + url.search : url.pathname
  return here === '/' ? '/sign-in' : `/sign-in?redirectTo=${encodeURIComponent(here)}`
}
