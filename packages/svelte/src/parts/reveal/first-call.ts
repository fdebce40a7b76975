import type { KeySummary } from '../key-summary.ts'

/** What there is to tell of the calls with a key. */
export interface CallsAnswer {
  lastUsedAt: string | null
  lastUsedAddress: string | null
  /** How many calls of the last hour were refused, by reason. */
  refused: Record<string, number>
}

/** Asks for them; null when nobody can tell now. */
export type AskForCalls = (id: string, signal: AbortSignal) => Promise<CallsAnswer | null>

export interface SeenCalls {
  accepted: { address: string | null } | null
  /** Why the newest kind of refusal happened. */
  refused: string | null
}

/**
 * Looks whether a key was used since its summary was made, or a call with it was refused since the first look. Null
 * when nobody can tell now.
 */
export function lookForCall({ id, lastUsedAt }: Pick<KeySummary, 'id' | 'lastUsedAt'>, ask: AskForCalls) {
  let before: CallsAnswer['refused'] | null = null
  return async function look(signal: AbortSignal): Promise<SeenCalls | null> {
    const now = await ask(id, signal)
    if (!now) return null
    before ??= now.refused
    const refused = Object.keys(now.refused).find((reason) => now.refused[reason] !== before?.[reason])
    const isUsed = now.lastUsedAt !== null && now.lastUsedAt !== lastUsedAt
    return { accepted: isUsed ? { address: now.lastUsedAddress } : null, refused: refused ?? null }
  }
}
