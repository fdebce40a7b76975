import { deserialize } from '$app/forms'
import type { Changed } from './changed.ts'

type Answer = { changed?: Changed }

/** Does one thing to one key, by the same action that the form for many has; null when it could not be done now. */
export async function postChange(address: string, action: string, id: string): Promise<Changed | null> {
  const body = new FormData()
  body.set('action', action)
  body.set('id', id)
  try {
    const response = await fetch(address, {
      method: 'POST',
      body,
      headers: { 'x-sveltekit-action': 'true', accept: 'application/json' },
    })
    const result = deserialize<Answer, Answer>(await response.text())
    return result.type === 'success' ? (result.data?.changed ?? null) : null
  } catch {
    return null
  }
}
