import type { KeyPolicy } from '@latchkey/client'

/** What a workspace asks of new keys. */
export type ExpiryPolicy = KeyPolicy['effectiveExpiry']

/** What stands in the form’s fields. */
export interface PolicyValues {
  /** A number of days, or nothing for none. */
  defaultDays: string
  maxDays: string
  allowNever: boolean
}

export const policyFields = ['defaultDays', 'maxDays', 'allowNever'] as const
export type PolicyErrors = Partial<Record<(typeof policyFields)[number], string>>

export interface PolicyFailure {
  values: PolicyValues
  errors: PolicyErrors
  message?: string
}

export const toValues = ({ defaultDays, maxDays, allowNever }: ExpiryPolicy): PolicyValues => ({
  defaultDays: defaultDays?.toString() ?? '',
  maxDays: maxDays?.toString() ?? '',
  allowNever,
})
