import type { DBAdapter } from 'better-auth'

/** A session ends an hour after it was last used, and a day after it began, by this server's clock. */
export const idleMs = 60 * 60 * 1000
export const absoluteMs = 24 * 60 * 60 * 1000

/** Use is written down at most once a minute, so that reading a session rarely writes. */
const touchMs = 60 * 1000

interface SessionRow {
  id: string
  token: string
  updatedAt: Date
  expiresAt: Date
}

/** When a session ends unless it is used again. */
export function endOfSession(session: { updatedAt: Date; expiresAt: Date }): Date {
  return new Date(Math.min(session.updatedAt.getTime() + idleMs, session.expiresAt.getTime()))
}

/**
 * Puts the rules for sessions between better-auth and the database, so that whatever reads a session obeys them:
 *
 * - a session past its idle or absolute end does not exist; reading a live one counts as use;
 * - the database keeps the token's hash alone, so the token itself is put back into rows that were asked for by
 *   token, or made with it. Rows found in another way carry no token that works.
 */
export function withSessionRules(adapter: DBAdapter): DBAdapter {
  return {
    ...adapter,

    async create(input) {
      const row = await adapter.create(input)
      if (input.model !== 'session') return row as never
      return { ...row, token: (input.data as unknown as SessionRow).token } as never
    },

    async findOne(input) {
      const row = await adapter.findOne<SessionRow>(input)
      if (input.model !== 'session' || row === null) return row as never
      const now = Date.now()
      if (endOfSession(row).getTime() <= now) return null
      if (now - row.updatedAt.getTime() >= touchMs) {
        const where = [{ field: 'id', value: row.id }]
        await adapter.update({ model: 'session', where, update: { updatedAt: new Date(now) } })
        row.updatedAt = new Date(now)
      }
      return withToken(row, input.where) as never
    },

    async update(input) {
      const row = await adapter.update<SessionRow>(input)
      if (input.model !== 'session' || row === null) return row as never
      return withToken(row, input.where) as never
    },

    transaction: (callback) => adapter.transaction((tx) => callback(withSessionRules(tx as DBAdapter))),
  }
}

function withToken(row: SessionRow, where: readonly { field: string; value: unknown }[]): SessionRow {
  const asked = where.find((condition) => condition.field === 'token')
  return typeof asked?.value === 'string' ? { ...row, token: asked.value } : row
}
