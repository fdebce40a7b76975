import type { RevocationReceipt } from '@latchkey/client'
import type { Grace } from '@latchkey/svelte/parts/rotate/grace.ts'
import type { KeyDetails } from '../key-details.ts'

/** The rotated key. Its secret is null where the form came a second time and nobody may see it again. */
export interface Rotated {
  apiKey: KeyDetails
  secret: string | null
  /** How far the end of the old secret had come, where it ended at once. */
  receipt: RevocationReceipt | null
}

export interface RotateFailure {
  grace: Grace
  message: string
  /** Whether whoever asks has to prove first who they are, about which there is no message. */
  unproven?: boolean
  /** Names the form towards the API, to try again with; left out when it has been used up. */
  idempotencyKey?: string
}
