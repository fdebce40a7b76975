import type { Handle, HandleServerError } from '@sveltejs/kit/hooks'
import { sequence } from '@sveltejs/kit/hooks'
import { ORIGIN } from '$app/env/private'
import { getLocale, getTextDirection } from '#lib/paraglide/runtime.js'
import { ApiUnavailable, connectApi } from '#lib/server/api.ts'
import { inLocale, readLocale } from '#lib/server/locale.ts'
import { readSession } from '#lib/server/read-session.ts'
import { isForeignChange } from '#lib/server/same-origin.ts'
import { emptyPolicy, securityHeaders } from '#lib/server/security-headers.ts'
import { readTheme } from '#lib/server/theme.ts'

const secureHeaders: Handle = async ({ event, resolve }) => {
  const response = await resolve(event)
  for (const [name, value] of Object.entries(securityHeaders)) response.headers.set(name, value)
  if (!response.headers.has('content-security-policy'))
    response.headers.set('content-security-policy', emptyPolicy)
  if (response.headers.get('content-type') === 'text/html')
    response.headers.set('content-type', 'text/html; charset=utf-8')
  if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
  return response
}

/** Links and redirects never follow the Host header. Health probes come by address, so they are left alone. */
const oneOrigin: Handle = ({ event, resolve }) => {
  const { request, url, route } = event
  if (isForeignChange(request)) return new Response('This request came from another site.', { status: 403 })
  const elsewhere = request.headers.get('host') !== new URL(ORIGIN).host
  if (elsewhere && request.method === 'GET' && route.id !== '/healthz')
    return new Response(null, { status: 307, headers: { location: ORIGIN + url.pathname + url.search } })
  return resolve(event)
}

const connect: Handle = async ({ event, resolve }) => {
  const { locals } = event
  locals.sessionCookies = []
  locals.api = connectApi(event)
  let session: ReturnType<typeof locals.session> | undefined
  locals.session = () => (session ??= readSession(event))
  const response = await resolve(event)
  for (const cookie of locals.sessionCookies) response.headers.append('set-cookie', cookie)
  return response
}

const speak: Handle = ({ event, resolve }) =>
  inLocale(readLocale(event.cookies, event.request.headers.get('accept-language')), () => resolve(event))

const render: Handle = ({ event, resolve }) =>
  resolve(event, {
    transformPageChunk: ({ html }) =>
      html
        .replace('%latchkey.language%', getLocale())
        .replace('%latchkey.direction%', getTextDirection())
        .replace('%latchkey.theme%', readTheme(event.cookies)),
    preload: (file) =>
      file.type === 'font' ? file.filename.endsWith('inter-latin-wght-normal.woff2') : file.type !== 'asset',
  })

export const handle = sequence(secureHeaders, oneOrigin, speak, connect, render)

export const handleError: HandleServerError = ({ kind, error, event }) => {
  if (kind !== 'unknown') return
  if (error instanceof ApiUnavailable) return { status: 503, message: 'The API cannot be reached.' }
  // The route, not the address: addresses may hold what somebody typed. As JSON, so that one failure is one line.
  const { method } = event.request
  const failure = error instanceof Error ? (error.stack ?? error.message) : typeof error
  console.error(JSON.stringify({ level: 'error', method, route: event.route.id, failure }))
}
