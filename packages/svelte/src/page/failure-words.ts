import { m } from '#paraglide/messages.js'
import type { Failure } from './ask.ts'

/** What to say where there should be keys. */
export const failureTitles = {
  'signed-out': m.embed_signed_out_title,
  forbidden: m.shell_error_forbidden_title,
  unavailable: m.shell_error_unavailable_title,
  broken: m.shell_error_broken_title,
} satisfies Record<Failure, () => string>

export const failureTexts = {
  'signed-out': m.embed_signed_out_text,
  forbidden: m.shell_error_forbidden_text,
  unavailable: m.shell_error_unavailable_text,
  broken: m.shell_error_broken_text,
} satisfies Record<Failure, () => string>

/** What to say where something was not done. */
export const refusalTexts = {
  'signed-out': m.embed_signed_out_text,
  forbidden: m.shell_error_forbidden_text,
  unavailable: m.list_failed,
  broken: m.shell_error_broken_text,
} satisfies Record<Failure, () => string>
