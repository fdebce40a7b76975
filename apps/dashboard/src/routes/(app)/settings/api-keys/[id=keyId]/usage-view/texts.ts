import type { ApiKeyUsage } from '@latchkey/client'
import { formatNumber, formatPercent } from '@latchkey/svelte/parts/numbers.ts'
import { m } from '#lib/paraglide/messages.js'
import { sortedRefusals, type OutcomeGroup } from './outcomes.ts'
import type { Period } from './periods.ts'
import { formatStep } from './steps.ts'

export const periodTexts: Record<Period, () => string> = {
  day: m.key_usage_day,
  week: m.key_usage_week,
  month: m.key_usage_month,
}

export const groupTexts: Record<OutcomeGroup, () => string> = {
  accepted: m.key_usage_accepted,
  limited: m.key_usage_limited,
  notAllowed: m.key_usage_not_allowed,
  notGood: m.key_usage_not_good,
}

export const columns: Record<ApiKeyUsage['interval'], () => string> = {
  minute: m.key_usage_minute,
  hour: m.key_usage_hour,
  day: m.key_usage_day_column,
}

const reasons: Record<string, { name: () => string; hint: () => string }> = {
  rate_limited: { name: m.key_refused_rate_limited, hint: m.key_refused_rate_limited_hint },
  quota_exceeded: { name: m.key_refused_quota_exceeded, hint: m.key_refused_quota_exceeded_hint },
  insufficient_scope: { name: m.key_refused_scope, hint: m.key_refused_scope_hint },
  address_not_allowed: { name: m.key_refused_address, hint: m.key_refused_address_hint },
  origin_not_allowed: { name: m.key_refused_origin, hint: m.key_refused_origin_hint },
  browser_not_allowed: { name: m.key_refused_browser, hint: m.key_refused_browser_hint },
  secret_key_required: { name: m.key_refused_publishable, hint: m.key_refused_publishable_hint },
  environment: { name: m.key_refused_environment, hint: m.key_refused_environment_hint },
  expired: { name: m.key_refused_expired, hint: m.key_refused_expired_hint },
  disabled: { name: m.key_refused_disabled, hint: m.key_refused_disabled_hint },
  revoked: { name: m.key_refused_revoked, hint: m.key_refused_revoked_hint },
  suspended: { name: m.key_refused_suspended, hint: m.key_refused_suspended_hint },
  retired: { name: m.key_refused_retired, hint: m.key_refused_retired_hint },
  pending: { name: m.key_refused_pending, hint: m.key_refused_pending_hint },
}

/** What a refusal is called and means; one that is not known yet goes by its code. */
export function reasonText(reason: string): { name: string; hint: string } {
  const known = reasons[reason]
  return known
    ? { name: known.name(), hint: known.hint() }
    : { name: reason, hint: m.key_refused_unknown_hint() }
}

/** “In 7 days: 1,204 requests, of which 24 (2%) were refused.” and what stands out. */
export function usageSummary(usage: ApiKeyUsage, period: Period): string {
  const { total, accepted, data } = usage
  const span = periodTexts[period]()
  if (total === 0) return m.key_usage_none({ span })
  const refused = total - accepted
  const [often] = sortedRefusals(usage)
  const busiest = data.reduce((most, one) => (one.total > most.total ? one : most))
  const sentences = [
    refused === 0
      ? m.key_usage_all_accepted({ span, count: total })
      : m.key_usage_some_refused({
          span,
          count: total,
          refused: formatNumber(refused),
          part: formatPercent(refused, total),
        }),
    often && m.key_usage_often({ reason: reasonText(often[0]).name, count: formatNumber(often[1]) }),
    m.key_usage_busiest({ step: formatStep(busiest.start, usage), count: formatNumber(busiest.total) }),
  ]
  return sentences.filter(Boolean).join(' ')
}
