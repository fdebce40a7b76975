import { m } from '#lib/paraglide/messages.js'

/** What went wrong on the way to the OpenID provider and back, by the API’s code, and what to do about it. */
export function openIdProblem(code: string | null, provider: string): string | null {
  if (code === null) return null
  const texts: Record<string, () => string> = {
    openid_expired: m.openid_problems_expired,
    openid_unverified: () => m.openid_problems_unverified({ provider }),
    openid_unknown: () => m.openid_problems_unknown({ provider }),
    openid_not_connected: () => m.openid_problems_not_connected({ provider }),
    openid_other_email: () => m.openid_problems_other_email({ provider }),
    openid_connected: m.openid_problems_connected,
    openid_unavailable: () => m.openid_problems_unavailable({ provider }),
    other_recipient: () => m.openid_problems_other_recipient({ provider }),
    invalid_invitation: m.members_join_invalid,
    account_exists: () => m.openid_problems_account_exists({ provider }),
    last_way_in: m.openid_problems_last_way_in,
    no_workspace: m.sign_in_no_workspace,
    rate_limited: m.sign_in_too_many,
  }
  return Object.hasOwn(texts, code) ? texts[code]!() : m.openid_problems_refused({ provider })
}
