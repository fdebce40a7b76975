import { json } from '@sveltejs/kit'
import { m } from '#lib/paraglide/messages.js'
import { confirmPath } from '#lib/confirm-path.ts'

interface Problem {
  status: number
  code: string
}

/** Tells the page's script why the API refused a passkey, and where to go about it. */
export function refusePasskey({ status, code }: Problem, here: string): Response {
  const message = explain(status, code)
  const to = wayOut(code, here)
  return json({ message, ...(to && { to }) }, { status })
}

function explain(status: number, code: string): string {
  if (code === 'too_many_passkeys') return m.passkeys_errors_too_many()
  if (code === 'passkey_not_added') return m.passkeys_errors_not_added()
  if (code === 'no_workspace') return m.sign_in_no_workspace()
  return status === 429 ? m.account_too_many() : m.passkeys_errors_refused()
}

function wayOut(code: string, here: string): string | null {
  if (code === 'reauthentication_required') return confirmPath(here)
  return code === 'unauthenticated' ? `/sign-in?redirectTo=${encodeURIComponent(here)}` : null
}

/** What the page's script sends: what a passkey signed, which is the API's to judge, and texts beside it. */
export async function readPasskey(request: Request) {
  // What is no JSON holds no credential, and the API refuses that with a word on what to do.
  const body = (await request.json().catch(() => null)) as Record<string, unknown> | null
  return {
    credential: body?.['credential'] as never,
    text: (name: string) => (typeof body?.[name] === 'string' ? body[name] : ''),
  }
}
