/** Why somebody should look at a key; each is a filter of the list as well. */
export const attentionKinds = ['expiring', 'unused', 'never-expires'] as const
export type AttentionKind = (typeof attentionKinds)[number]

export interface Attention {
  kind: AttentionKind
  total: number
  /** The first few. */
  keys: { id: string; name: string; expiresAt: string | null; lastUsedAt: string | null }[]
}
