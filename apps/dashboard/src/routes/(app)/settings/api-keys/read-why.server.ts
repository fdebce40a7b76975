import type { RevokeApiKey } from '@latchkey/client'
import { formText } from '#lib/server/form-text.ts'
import { revocationReasons } from '@latchkey/svelte/parts/delete/revocation-words.ts'

const longestNote = 500

/** What a form says about why keys are deleted. */
export function readWhy(form: FormData): RevokeApiKey {
  const note = [...formText(form, 'note').trim()].slice(0, longestNote).join('')
  const reason = revocationReasons.find((each) => each === formText(form, 'reason'))
  return { ...(reason && { reason }), ...(note && { note }) }
}
