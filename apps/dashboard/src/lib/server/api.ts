import type { RequestEvent } from '@sveltejs/kit'
import { createClient, type LatchkeyClient } from '@latchkey/client'
import { API_URL } from '$app/env/private'
import { apiCookiesIn, apiCookiesOf } from './session-cookie.ts'

const timeoutMs = 8_000

/** The API could not be reached, was too slow, or answered that it cannot serve now. */
export class ApiUnavailable extends Error {
  override name = 'ApiUnavailable'
}

/**
 * The API as the person behind this request sees it. Of the browser’s request only the cookies that
 * the API set, the address and the kind of browser go there;
 * cookies that the API sets are noted in `locals.sessionCookies`.
 */
export function connectApi(event: RequestEvent): LatchkeyClient {
  const headers: Record<string, string> = {
    'x-forwarded-for': event.getClientAddress(),
    'user-agent': event.request.headers.get('user-agent') ?? '',
  }
  const cookie = apiCookiesOf(event.cookies)
  if (cookie) headers['cookie'] = cookie

  return createClient({
    baseUrl: API_URL,
    headers,
    async fetch(request) {
      const response = await send(request)
      event.locals.sessionCookies.push(...apiCookiesIn(response.headers))
      return response
    },
  })
}

/** Sends a request and takes in the whole answer, so that one that breaks off is no answer. */
async function send(request: Request): Promise<Response> {
  const what = `${request.method} ${new URL(request.url).pathname}`
  let response: Response
  let body: ArrayBuffer
  try {
    response = await fetch(request, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' })
    body = await response.arrayBuffer()
  } catch {
    throw new ApiUnavailable(`${what} got no answer`)
  }
  const { status, headers } = response
  if (status >= 500) throw new ApiUnavailable(`${what} answered ${status}`)
  return new Response(body.byteLength > 0 ? body : null, { status, headers })
}
