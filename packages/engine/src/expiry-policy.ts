import { invalid, type Checked } from './checked.ts'

/** For how long keys may live. */
export interface ExpiryPolicy {
  /** Days that a key lives when nobody says for how long; null: as long as it may. */
  readonly defaultDays: number | null
  /** Days that a key may live at most, counted from the request that sets its end; null: any number. */
  readonly maxDays: number | null
  /** Whether a key may live for ever. */
  readonly allowNever: boolean
}

/** Keys live for ever unless somebody says otherwise. */
export const NO_EXPIRY_POLICY: ExpiryPolicy = Object.freeze({
  defaultDays: null,
  maxDays: null,
  allowNever: true,
})

export const MAX_POLICY_DAYS = 36_500
const DAY_MS = 86_400_000

/** Checks a policy from outside. Built anew, so that nothing unknown is stored along. */
export function checkExpiryPolicy(policy: ExpiryPolicy): Checked<ExpiryPolicy> {
  const { defaultDays, maxDays, allowNever } = policy
  for (const [field, days] of Object.entries({ defaultDays, maxDays })) {
    if (days !== null && !isDays(days)) {
      return invalid(field, `must be a whole number of days from 1 to ${MAX_POLICY_DAYS}, or null`)
    }
  }
  if (typeof allowNever !== 'boolean') return invalid('allowNever', 'must be true or false')
  if (defaultDays !== null && maxDays !== null && defaultDays > maxDays) {
    return invalid('defaultDays', 'must be at most maxDays')
  }
  if (defaultDays === null && maxDays === null && !allowNever) {
    return invalid('allowNever', 'must be true where neither defaultDays nor maxDays says when keys end')
  }
  return { ok: true, value: { defaultDays, maxDays, allowNever } }
}

/** Fills in what a host left out. @throws Error, a sentence for the developer. */
export function resolveExpiryPolicy(policy: Partial<ExpiryPolicy> = {}): ExpiryPolicy {
  const checked = checkExpiryPolicy({ ...NO_EXPIRY_POLICY, allowNever: policy.maxDays == null, ...policy })
  if (checked.ok) return Object.freeze(checked.value)
  throw new Error(`expiryPolicy.${checked.field} ${checked.message}.`)
}

/** The policy under which an owner's keys live: the owner may be stricter than the host, not laxer. */
export function strictestExpiry(host: ExpiryPolicy, owner: ExpiryPolicy | null): ExpiryPolicy {
  if (owner === null) return host
  const maxDays = least(host.maxDays, owner.maxDays)
  return {
    defaultDays: least(owner.defaultDays ?? host.defaultDays, maxDays),
    maxDays,
    allowNever: host.allowNever && owner.allowNever,
  }
}

/** When a key ends for which `expiresAt` was asked: undefined when nobody said, null for never. */
export function expiryUnder(
  { defaultDays, maxDays, allowNever }: ExpiryPolicy,
  expiresAt: Date | null | undefined,
  nowMs: number,
): Checked<Date | null> {
  if (expiresAt === undefined) {
    const days = defaultDays ?? (allowNever ? null : maxDays)
    return { ok: true, value: days === null ? null : new Date(nowMs + days * DAY_MS) }
  }
  if (expiresAt === null) {
    return allowNever ? { ok: true, value: null } : invalid('expiresAt', 'must be set: keys must end')
  }
  if (maxDays !== null && expiresAt.getTime() > nowMs + maxDays * DAY_MS) {
    return invalid('expiresAt', `must be at most ${maxDays} days from now`)
  }
  return { ok: true, value: expiresAt }
}

function isDays(days: unknown): boolean {
  return Number.isInteger(days) && (days as number) >= 1 && (days as number) <= MAX_POLICY_DAYS
}

function least(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}
