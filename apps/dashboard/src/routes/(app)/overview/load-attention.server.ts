import type { RequestEvent } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { attentionKinds, type Attention, type AttentionKind } from './attention.ts'

const dayMs = 24 * 3600_000
const mostShown = 3

/** Which keys each kind is about; the list’s filters of the same names ask the same. */
function queryOf(kind: AttentionKind, nowMs: number) {
  const moment = (days: number) => new Date(nowMs + days * dayMs).toISOString()
  return {
    expiring: { expiresBefore: moment(7) },
    unused: { unusedSince: moment(-30) },
    'never-expires': { neverExpires: true },
  }[kind]
}

/** The keys that somebody should look at: a few of each kind, the oldest first, and how many there are. */
export async function loadAttention(event: RequestEvent, nowMs: number): Promise<Attention[]> {
  const asked = { status: ['active' as const], sort: 'createdAt' as const, limit: mostShown, count: true }
  const found = await Promise.all(
    attentionKinds.map(async (kind): Promise<Attention> => {
      const params = { query: { ...asked, ...queryOf(kind, nowMs) } }
      const { data, total } = answer(event, await event.locals.api.GET('/v1/api-keys', { params }))
      const keys = data.map(({ id, name, expiresAt, lastUsedAt }) => ({ id, name, expiresAt, lastUsedAt }))
      return { kind, total: total ?? keys.length, keys }
    }),
  )
  return found.filter(({ total }) => total > 0)
}
