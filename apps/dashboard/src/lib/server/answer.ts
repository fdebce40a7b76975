import { error, redirect, type RequestEvent } from '@sveltejs/kit'
import { confirmPath } from '#lib/confirm-path.ts'
import { signInPath } from './redirect-target.ts'

/**
 * The data of an API answer, or the page’s own way out: for 401 sign-in, or a proof of who it is, and the error pages for
 * the rest.
 * For answers whose failure the page does not explain itself.
 */
export function answer<Data>(
  event: RequestEvent,
  result: { data?: Data; error?: { code: string; detail: string }; response: Response },
): Data {
  if (result.response.ok) return result.data as Data
  if (result.error?.code === 'reauthentication_required') redirect(303, confirmPath(event.url.pathname))
  if (result.response.status === 401) redirect(303, signInPath(event))
  error(result.response.status, result.error?.detail ?? result.response.statusText)
}
