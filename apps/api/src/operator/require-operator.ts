import { ProblemError } from '@latchkey/fastify'
import type { FastifyRequest } from 'fastify'
import { AppProblem } from '../problem.ts'

/**
 * A hook that lets only operators through, and only those whose password alone signs nobody in. It comes after the one
 * that wants a session. What a person is in their workspace counts for nothing here.
 */
export async function requireOperator({ signedIn }: FastifyRequest): Promise<void> {
  if (signedIn?.isOperator !== true) {
    throw new ProblemError('forbidden', { detail: 'Only the operators of this platform may do that.' })
  }
  if (!signedIn.hasSecondFactor) throw new AppProblem('second_factor_needed')
}
