import { and, desc, eq, ilike, lt, or } from 'drizzle-orm'
import type { AppDatabase } from '../database/app-database.ts'
import { containing, toPage, type Page, type PageRequest } from './page.ts'
import { companies } from './tables.ts'

export type CompanyRow = typeof companies.$inferSelect

export async function listCompanies(
  db: AppDatabase,
  workspaceId: string,
  { limit, after, q }: PageRequest,
): Promise<Page<CompanyRow>> {
  const pattern = q && containing(q)
  const rows = await db
    .select()
    .from(companies)
    .where(
      and(
        eq(companies.workspaceId, workspaceId),
        after ? lt(companies.id, after) : undefined,
        pattern ? or(ilike(companies.name, pattern), ilike(companies.domain, pattern)) : undefined,
      ),
    )
    .orderBy(desc(companies.id))
    .limit(limit + 1)
  return toPage(rows, limit)
}

export async function findCompany(
  db: AppDatabase,
  workspaceId: string,
  id: string,
): Promise<CompanyRow | null> {
  const rows = await db
    .select()
    .from(companies)
    .where(and(eq(companies.workspaceId, workspaceId), eq(companies.id, id)))
  return rows[0] ?? null
}
