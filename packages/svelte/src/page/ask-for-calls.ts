import type { LatchkeyClient } from '@latchkey/client'
import type { AskForCalls } from '../parts/reveal/first-call.ts'
import { ask } from './ask.ts'

/** Asks the host whether a key was used. Nothing of the key but its id goes there. */
export const askForCalls =
  (client: LatchkeyClient): AskForCalls =>
  async (id, signal) => {
    const answer = await ask(client.GET('/v1/api-keys/{id}', { params: { path: { id } }, signal }))
    if (!answer.ok) return null
    const { lastUsedAt, lastUsedAddress } = answer.data
    return { lastUsedAt, lastUsedAddress, refused: {} }
  }
