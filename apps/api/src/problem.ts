/**
 * The problems that only this app has, by their code; Latchkey's own are used for everything else. The set is
 * closed: a code never changes its status or its meaning.
 */
const problems = {
  invalid_credentials: [401, 'The e-mail address or the password is wrong.'],
  no_workspace: [403, 'You are not a member of any workspace (any more).'],
  cross_origin: [403, 'This request was sent by a page of another site, so it changes nothing.'],
  wrong_password: [403, 'The current password is wrong.'],
  invalid_setup_token: [403, 'The set-up link does not work (any more). A restart prints a new one.'],
  already_set_up: [409, 'The first account exists already. Sign in with it.'],
  rate_limited: [429, 'Too many attempts. Wait for as many seconds as the header Retry-After says.'],
} as const satisfies Record<string, [number, string]>

/** Every 401 must name how to authenticate (RFC 9110). People do with a session, for which no scheme has a name. */
export const challenge = { 'www-authenticate': 'Session realm="account"' }

export type AppProblemCode = keyof typeof problems

/** A problem of this app on its way to the response, which Latchkey's error handler writes. */
export class AppProblem extends Error {
  override readonly name = 'AppProblem'
  readonly code: AppProblemCode
  readonly statusCode: number
  readonly headers: Record<string, string>

  constructor(code: AppProblemCode) {
    const [status, detail] = problems[code]
    super(detail)
    this.code = code
    this.statusCode = status
    this.headers = status === 401 ? challenge : {}
  }
}
