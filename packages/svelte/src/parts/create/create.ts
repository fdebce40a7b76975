import type { KeySummary } from '../key-summary.ts'
import type { CreateValues } from './form-values.ts'
import type { ExpiryPolicy } from './expiry.ts'
import type { Scope, ScopeSet } from './scope-choice.ts'

/** What the form is made from. */
export interface CreateFormData {
  scopes: Scope[]
  sets: ScopeSet[]
  /** Whether the policy lets this person have a live key. */
  mayBeLive: boolean
  keyPrefix: string
  publishableKeyPrefix: string
  policy: ExpiryPolicy
  /** When the form was made. */
  startsAt: string
  /** Names this form towards the API: sent twice, it makes one key. */
  idempotencyKey: string
}

/** The fields that can be wrong, as the API calls them. */
export const formFields = [
  'name',
  'kind',
  'environment',
  'scopes',
  'expiresAt',
  'notBefore',
  'rateLimits',
  'quota',
  'allowedIps',
  'allowedOrigins',
  'blockBrowsers',
  'rotateEveryDays',
] as const
export type FormField = (typeof formFields)[number]
export type FormErrors = Partial<Record<FormField, string>>

export interface CreateFailure {
  /** Left out where the form itself still holds them. */
  values?: CreateValues
  errors: FormErrors
  message?: string
  /** Whether whoever asks has to prove first who they are. */
  unproven?: boolean
  /** The form’s idempotency key, to try again with; left out when it has been used up. */
  idempotencyKey?: string
}

/** The created key. Its secret is null where the form came a second time and nobody may see it again. */
export interface Created {
  apiKey: KeySummary
  secret: string | null
}
