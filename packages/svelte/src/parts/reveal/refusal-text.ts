import { m } from '#paraglide/messages.js'

const texts: Record<string, () => string> = {
  insufficient_scope: m.create_refused_scope,
  address_not_allowed: m.create_refused_address,
  origin_not_allowed: m.create_refused_origin,
  browser_not_allowed: m.create_refused_browser,
  rate_limited: m.create_refused_rate,
  quota_exceeded: m.create_refused_quota,
  environment: m.create_refused_environment,
  pending: m.create_refused_pending,
  suspended: m.create_refused_suspended,
}

/** Why a call with a key was refused, for people; the API’s own word for a reason that is new. */
export const refusalText = (reason: string): string => texts[reason]?.() ?? reason
