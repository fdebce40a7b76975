import type { ApiKey, Quota, RateLimit, Revocation } from '@latchkey/client'
import { formatSeconds } from '@latchkey/svelte/parts/dates.ts'
import { formatNumber } from '@latchkey/svelte/parts/numbers.ts'
import { m } from '#lib/paraglide/messages.js'

/** What the values of a key are called. */
export const kinds: Record<ApiKey['kind'], () => string> = {
  secret: m.key_kind_secret,
  publishable: m.key_kind_publishable,
}

export const quotaPeriods: Record<Quota['period'], () => string> = {
  never: m.key_quota_once,
  day: m.key_quota_daily,
  week: m.key_quota_weekly,
  month: m.key_quota_monthly,
}

export const revocationReasons: Record<Revocation['reason'], () => string> = {
  unspecified: m.key_reason_unspecified,
  keyCompromise: m.key_reason_key_compromise,
  affiliationChanged: m.key_reason_affiliation_changed,
  superseded: m.key_reason_superseded,
  cessationOfOperation: m.key_reason_cessation,
  privilegeWithdrawn: m.key_reason_privilege_withdrawn,
}

/** “5,000 in 1 hour” */
export const rateLimitText = ({ limit, windowSeconds }: RateLimit): string =>
  m.key_rate_limit({ limit: formatNumber(limit), time: formatSeconds(windowSeconds) })
