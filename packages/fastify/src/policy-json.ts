import { strictestExpiry, type ExpiryPolicy, type OwnerSettings } from '@latchkey/engine'
import type { KeyPolicy } from './policy-schemas.ts'

/** Shows what holds for an owner's keys. */
export function toPolicyJson({ scopes, expiryPolicy }: OwnerSettings, host: ExpiryPolicy): KeyPolicy {
  return {
    expiry: expiryPolicy && show(expiryPolicy),
    effectiveExpiry: show(strictestExpiry(host, expiryPolicy)),
    scopes: scopes && [...scopes],
  }
}

function show({ defaultDays, maxDays, allowNever }: ExpiryPolicy) {
  return { defaultDays, maxDays, allowNever }
}
