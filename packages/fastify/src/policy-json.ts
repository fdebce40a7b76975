import { NO_ISSUE_POLICY, strictestExpiry, type ExpiryPolicy, type OwnerSettings } from '@latchkey/engine'
import type { KeyPolicy } from './policy-schemas.ts'

/** Shows what holds for an owner's keys. */
export function toPolicyJson(
  { scopes, expiryPolicy, issuePolicy }: OwnerSettings,
  host: ExpiryPolicy,
): KeyPolicy {
  const issue = issuePolicy ?? NO_ISSUE_POLICY
  return {
    expiry: expiryPolicy && show(expiryPolicy),
    effectiveExpiry: show(strictestExpiry(host, expiryPolicy)),
    issue: { scopes: issue.scopes && [...issue.scopes], liveKeysBy: issue.liveKeysBy },
    scopes: scopes && [...scopes],
  }
}

function show({ defaultDays, maxDays, allowNever }: ExpiryPolicy) {
  return { defaultDays, maxDays, allowNever }
}
