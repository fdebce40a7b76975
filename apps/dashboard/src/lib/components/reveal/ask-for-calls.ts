import type { AskForCalls, CallsAnswer } from '@latchkey/svelte/parts/reveal/first-call.ts'

/** The dashboard’s server asks the API whether a key was used, and tells no more than that. */
export const askForCalls: AskForCalls = async (id, signal) => {
  try {
    const response = await fetch(`/settings/api-keys/${id}/calls`, { signal })
    return response.ok && !response.redirected ? ((await response.json()) as CallsAnswer) : null
  } catch {
    return null
  }
}
