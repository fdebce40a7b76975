import type { ApiKeyUsage } from '@latchkey/client'

/** What became of requests, in few enough groups to tell them apart in a chart. */
export const groupNames = ['accepted', 'limited', 'notAllowed', 'notGood'] as const
export type OutcomeGroup = (typeof groupNames)[number]

const groupOf: Record<string, OutcomeGroup> = {
  rate_limited: 'limited',
  quota_exceeded: 'limited',
  insufficient_scope: 'notAllowed',
  address_not_allowed: 'notAllowed',
  origin_not_allowed: 'notAllowed',
  browser_not_allowed: 'notAllowed',
  secret_key_required: 'notAllowed',
  environment: 'notAllowed',
}

/** A refusal that is not known yet is told by its name, among those of keys that are no good. */
export const groupOfReason = (reason: string): OutcomeGroup => groupOf[reason] ?? 'notGood'

export type Counts = Pick<ApiKeyUsage, 'total' | 'accepted' | 'refused'>

export function countGroups({ accepted, refused }: Counts): Record<OutcomeGroup, number> {
  const counts = { accepted, limited: 0, notAllowed: 0, notGood: 0 }
  for (const [reason, count] of Object.entries(refused)) counts[groupOfReason(reason)] += count
  return counts
}

/** The refusals, most frequent first. */
export const sortedRefusals = ({ refused }: Counts): [reason: string, count: number][] =>
  Object.entries(refused)
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one)
