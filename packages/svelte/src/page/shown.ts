import type { KeySummary } from '../parts/key-summary.ts'

/** A key with its secret, as it is shown once; null once it is forgotten. */
export interface Shown {
  apiKey: KeySummary
  secret: string | null
}
