import { m } from '#lib/paraglide/messages.js'

/** What came of a passkey: where to go now, or a sentence for the person, unless they gave up themselves. */
export type PasskeyOutcome = { to: string } | { complaint: string | null; wasPresented: boolean }

/** Where the dashboard's server takes what a passkey signed, and says where to go. */
export interface Ceremony {
  finish: string
  /** Sent along, for example where somebody wanted to go. */
  with?: Record<string, string>
}

/** Has one of the person's passkeys sign a challenge. As `autofill` it waits in the e-mail field's suggestions. */
export async function presentPasskey(ceremony: Ceremony, autofill = false): Promise<PasskeyOutcome> {
  const { startAuthentication } = await import('@simplewebauthn/browser')
  return attempt('/sign-in/passkey/challenge', ceremony, (optionsJSON) =>
    startAuthentication({ optionsJSON: optionsJSON as never, useBrowserAutofill: autofill }),
  )
}

/** Has the person's device make a new passkey. */
export async function makePasskey(name: string): Promise<PasskeyOutcome> {
  const { startRegistration } = await import('@simplewebauthn/browser')
  const ceremony = { finish: '/settings/security/passkeys/add', with: { name } }
  return attempt('/settings/security/passkeys/challenge', ceremony, (optionsJSON) =>
    startRegistration({ optionsJSON: optionsJSON as never }),
  )
}

/** Whether this browser can offer passkeys among the suggestions of a field. */
export async function suggestsPasskeys(): Promise<boolean> {
  const { browserSupportsWebAuthnAutofill } = await import('@simplewebauthn/browser')
  return browserSupportsWebAuthnAutofill()
}

/** Whatever waits for a passkey waits no longer. */
export async function stopWaiting(): Promise<void> {
  const { WebAuthnAbortService } = await import('@simplewebauthn/browser')
  WebAuthnAbortService.cancelCeremony()
}

async function attempt(
  begin: string,
  { finish, with: more }: Ceremony,
  ask: (options: unknown) => Promise<object>,
): Promise<PasskeyOutcome> {
  let wasPresented = false
  try {
    const credential = await ask(await post(begin, {}))
    wasPresented = true
    return (await post(finish, { ...more, credential })) as { to: string }
  } catch (failure) {
    if (failure instanceof Refused && failure.to) return { to: failure.to }
    return { complaint: explain(failure as Error), wasPresented }
  }
}

class Refused extends Error {
  readonly to: string | undefined
  constructor(message: string, to?: string) {
    super(message)
    this.to = to
  }
}

async function post(path: string, body: object): Promise<unknown> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  })
  const answer: unknown = await response.json()
  if (response.ok) return answer
  const { message, to } = answer as { message?: string; to?: string }
  throw new Refused(response.status === 503 || !message ? m.account_unavailable() : message, to)
}

/** By the names that WebAuthn gives to what goes wrong in the browser, and fetch to what goes wrong on the way. */
function explain(failure: Error): string | null {
  if (failure instanceof Refused) return failure.message
  switch (failure.name) {
    case 'AbortError':
      return null
    case 'InvalidStateError':
      return m.passkeys_errors_known()
    case 'NotAllowedError':
      return m.passkeys_errors_given_up()
    case 'TypeError':
    case 'SyntaxError':
      return m.account_unavailable()
    default:
      return m.passkeys_errors_not_here()
  }
}
