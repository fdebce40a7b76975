import type { RevokeApiKey } from '@latchkey/client'
import { m } from '#paraglide/messages.js'

type Reason = NonNullable<RevokeApiKey['reason']>

/** Why a key can be deleted, in the words of RFC 5280 for people. */
export const revocationWords = {
  unspecified: m.list_reason_unspecified,
  keyCompromise: m.list_reason_key_compromise,
  affiliationChanged: m.list_reason_affiliation_changed,
  superseded: m.list_reason_superseded,
  cessationOfOperation: m.list_reason_cessation_of_operation,
  privilegeWithdrawn: m.list_reason_privilege_withdrawn,
} satisfies Record<Reason, () => string>

export const revocationReasons = Object.keys(revocationWords) as Reason[]
