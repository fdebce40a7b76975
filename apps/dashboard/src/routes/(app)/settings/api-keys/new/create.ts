import type { KeySummary } from '#lib/key-summary.ts'
import type { ExpiryChoice } from './expiry.ts'

/** What the form is made from. */
export interface CreateFormData {
  scopes: { name: string; description: string; managesKeys: boolean }[]
  keyPrefix: string
  /** When the form was made. */
  startsAt: string
  /** Names this form towards the API: sent twice, it makes one key. */
  idempotencyKey: string
}

/** What somebody entered, given back when it could not be used. */
export interface CreateValues {
  name: string
  environment: 'live' | 'test'
  scopes: string[]
  expiresIn: ExpiryChoice
  startsAt: string
}

export interface CreateFailure {
  /** Left out where the form itself still holds them. */
  values?: CreateValues
  errors: Partial<Record<'name' | 'environment' | 'scopes' | 'expiresAt', string>>
  message?: string
  /** The form’s idempotency key, to try again with; left out when it has been used up. */
  idempotencyKey?: string
}

/** The created key. Its secret is null where the form came a second time and nobody may see it again. */
export interface Created {
  apiKey: KeySummary
  secret: string | null
}
