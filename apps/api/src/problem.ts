/**
 * The problems that only this app has, by their code; Latchkey's own are used for everything else. The set is
 * closed: a code never changes its status or its meaning.
 */
const problems = {
  invalid_credentials: [401, 'The e-mail address or the password is wrong.'],
  second_factor_required: [401, 'So far so good. Now send a code of your second factor.'],
  sign_in_again: [401, 'This sign-in took too long, or too many wrong codes were sent. Begin again.'],
  invalid_passkey: [
    401,
    'The passkey was not accepted, or five minutes have passed. Try again, or use your password.',
  ],
  wrong_code: [403, 'The code is wrong, or too old.'],
  passkey_not_added: [403, 'The passkey was not added: it does not fit what was asked for. Begin again.'],
  too_many_passkeys: [409, 'You have as many passkeys as there may be, 20. Remove one first.'],
  last_way_in: [409, 'This is the only way in that you have left. Add another first.'],
  second_factor_exists: [409, 'A second factor is set up already. Remove it first.'],
  no_second_factor: [409, 'No second factor is set up.'],
  second_factor_locked: [429, 'Too many wrong codes. Try again in a quarter of an hour.'],
  no_workspace: [403, 'You are not a member of any workspace (any more).'],
  cross_origin: [403, 'This request was sent by a page of another site, so it changes nothing.'],
  second_factor_needed: [
    403,
    'Operators need a second factor. Set one up in Settings > Security, then come back.',
  ],
  wrong_password: [403, 'The current password is wrong.'],
  invalid_setup_token: [403, 'The set-up link does not work (any more). A restart prints a new one.'],
  invalid_invitation: [403, 'The invitation does not work (any more). Ask for another link.'],
  other_recipient: [403, 'The invitation is for another e-mail address than yours.'],
  account_exists: [409, 'This e-mail address has an account. Sign in with it, then accept.'],
  already_member: [409, 'This person is in the workspace already.'],
  already_suspended: [409, 'The workspace is suspended already. Lift that first to give another reason.'],
  last_owner: [409, 'A workspace needs an owner. Make somebody else an owner first.'],
  limit_reached: [409, 'There are as many open invitations as there may be. Revoke some first.'],
  openid_expired: [
    403,
    'This was begun in another browser, more than ten minutes ago, or is done already. Begin again.',
  ],
  openid_refused: [403, 'The provider did not confirm who you are. Begin again.'],
  openid_unverified: [403, 'The provider has not verified your e-mail address. Have it do that first.'],
  openid_unknown: [403, 'Nobody here is connected with this person. Ask for an invitation.'],
  openid_not_connected: [
    403,
    'This account is not connected with the provider. Sign in with its password, then connect it.',
  ],
  openid_other_email: [403, 'The provider knows you by another e-mail address than this account.'],
  openid_connected: [409, 'An account is connected with the provider already. Disconnect it first.'],
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
