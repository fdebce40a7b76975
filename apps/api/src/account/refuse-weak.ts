import { ProblemError } from '@latchkey/fastify'
import { judgePassword } from './password.ts'

/** Answers 400 to a password that nobody should have, naming the field it came in. */
export function refuseWeak(password: string, email: string, field: string): void {
  const complaint = judgePassword(password, email)
  if (complaint === null) return
  throw new ProblemError('invalid_request', { errors: [{ field, message: complaint }] })
}
