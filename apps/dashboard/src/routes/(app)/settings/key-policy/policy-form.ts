import type { KeyPolicy } from '@latchkey/client'

/** What a workspace asks of new keys. */
export type ExpiryPolicy = KeyPolicy['effectiveExpiry']
export type IssuePolicy = KeyPolicy['issue']

/** What stands in the form’s fields. */
export interface PolicyValues {
  /** A number of days, or nothing for none. */
  defaultDays: string
  maxDays: string
  allowNever: boolean
  /** Whether keys may be given nothing but `scopes`. */
  limitsScopes: boolean
  scopes: string[]
  liveKeysBy: IssuePolicy['liveKeysBy']
}

export const policyFields = ['defaultDays', 'maxDays', 'allowNever', 'scopes'] as const
export type PolicyErrors = Partial<Record<(typeof policyFields)[number], string>>

export interface PolicyFailure {
  values: PolicyValues
  errors: PolicyErrors
  message?: string
}

export const toValues = (
  { defaultDays, maxDays, allowNever }: ExpiryPolicy,
  { scopes, liveKeysBy }: IssuePolicy,
): PolicyValues => ({
  defaultDays: defaultDays?.toString() ?? '',
  maxDays: maxDays?.toString() ?? '',
  allowNever,
  limitsScopes: scopes !== null,
  scopes: scopes ?? [],
  liveKeysBy,
})
