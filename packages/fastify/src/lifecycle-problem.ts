import type { BulkRefusal, Stale } from '@latchkey/engine'
import { beyondGrant, invalidInput } from './parse-input.ts'
import { ProblemError } from './problem.ts'

/** The problem of a key that is not revoked, restored, disabled or enabled. */
export function lifecycleProblem(
  refusal: BulkRefusal | Stale | { ok: false; reason: 'not_found' },
): ProblemError {
  switch (refusal.reason) {
    case 'invalid':
      return invalidInput(refusal)
    case 'beyond_grant':
      return beyondGrant(refusal)
    case 'unproven':
      return new ProblemError('reauthentication_required')
    case 'stale':
      return new ProblemError('precondition_failed')
    case 'revoked':
      return new ProblemError('already_revoked')
    case 'expired':
      return new ProblemError('already_expired')
    case 'compromised':
      return new ProblemError('not_restorable', {
        detail: 'The secret of this key leaked (keyCompromise), so it never comes back. Create another one.',
      })
    case 'too_late':
      return new ProblemError('not_restorable')
    default:
      return new ProblemError(refusal.reason)
  }
}
