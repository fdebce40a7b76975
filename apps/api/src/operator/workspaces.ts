import { ProblemError, type Latchkey, type Suspension } from '@latchkey/fastify'
import { and, desc, eq, exists, ilike, inArray, lt, notInArray, or, sql, type SQL } from 'drizzle-orm'
import { members, users, workspaces } from '../account/tables.ts'
import { containing, toPage, type Page, type PageRequest } from '../crm/page.ts'
import type { AppDatabase } from '../database/app-database.ts'

export interface WorkspaceRow {
  id: string
  name: string
  createdAt: Date
  people: number
  /** Those that are not revoked. */
  keys: number
  suspension: Suspension | null
}

export interface WorkspaceQuery extends PageRequest {
  /** null: whether or not. */
  suspended: boolean | null
}

export type Workspaces = ReturnType<typeof createWorkspaces>

/** All workspaces there are, whoever is in them. What Latchkey knows of one is asked of it for each page. */
export function createWorkspaces(db: AppDatabase, directory: Latchkey['directory']) {
  const people = db.$count(members, eq(members.organizationId, workspaces.id))

  async function select(where: SQL | undefined, limit: number): Promise<WorkspaceRow[]> {
    const rows = await db
      .select({ id: workspaces.id, name: workspaces.name, createdAt: workspaces.createdAt, people })
      .from(workspaces)
      .where(where)
      .orderBy(desc(workspaces.id))
      .limit(limit)
    const known = await directory.owners(rows.map(({ id }) => id))
    return rows.map((row) => ({ ...row, ...(known.get(row.id) ?? { keys: 0, suspension: null }) }))
  }

  async function find(id: string): Promise<WorkspaceRow | null> {
    const [row] = await select(eq(workspaces.id, id), 1)
    return row ?? null
  }

  /** By its name, its id, or the address of somebody in it. */
  function matching(q: string): SQL | undefined {
    const someone = db
      .select({ one: sql`1` })
      .from(members)
      .innerJoin(users, eq(users.id, members.userId))
      .where(and(eq(members.organizationId, workspaces.id), ilike(users.email, containing(q))))
    return or(eq(workspaces.id, q), ilike(workspaces.name, containing(q)), exists(someone))
  }

  return {
    /** Newest first. */
    async list({ q, after, limit, suspended }: WorkspaceQuery): Promise<Page<WorkspaceRow>> {
      const ids = suspended === null ? [] : await directory.suspended()
      const ofState = suspended ? inArray(workspaces.id, ids) : notInArray(workspaces.id, ids)
      const where = and(
        q === null ? undefined : matching(q),
        suspended === null ? undefined : ofState,
        after === null ? undefined : lt(workspaces.id, after),
      )
      return toPage(await select(where, limit + 1), limit)
    },

    find,

    /** @throws {ProblemError} 404 where there is no such workspace. */
    async get(id: string): Promise<WorkspaceRow> {
      const row = await find(id)
      if (row === null) throw new ProblemError('not_found')
      return row
    },

    /** The names of some, by id. */
    async names(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
      const rows = await db
        .select({ id: workspaces.id, name: workspaces.name })
        .from(workspaces)
        .where(inArray(workspaces.id, [...ids]))
      return new Map(rows.map(({ id, name }) => [id, name]))
    },
  }
}
