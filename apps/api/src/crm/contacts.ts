import { and, desc, eq, ilike, lt, or } from 'drizzle-orm'
import type { AppDatabase } from '../database/app-database.ts'
import { generateUuid } from '../id.ts'
import { containing, toPage, type Page, type PageRequest } from './page.ts'
import { companies, contacts } from './tables.ts'

export interface ContactRow {
  id: string
  name: string
  email: string
  phone: string | null
  jobTitle: string | null
  company: { id: string; name: string } | null
  createdAt: Date
  updatedAt: Date
}

/** What a caller may set. */
export interface ContactInput {
  name: string
  email: string
  phone: string | null
  jobTitle: string | null
  companyId: string | null
}

const columns = {
  id: contacts.id,
  name: contacts.name,
  email: contacts.email,
  phone: contacts.phone,
  jobTitle: contacts.jobTitle,
  company: { id: companies.id, name: companies.name },
  createdAt: contacts.createdAt,
  updatedAt: contacts.updatedAt,
}

function selectContacts(db: AppDatabase) {
  return db.select(columns).from(contacts).leftJoin(companies, eq(companies.id, contacts.companyId))
}

export async function listContacts(
  db: AppDatabase,
  workspaceId: string,
  { limit, after, q }: PageRequest,
): Promise<Page<ContactRow>> {
  const pattern = q && containing(q)
  const rows = await selectContacts(db)
    .where(
      and(
        eq(contacts.workspaceId, workspaceId),
        after ? lt(contacts.id, after) : undefined,
        pattern
          ? or(ilike(contacts.name, pattern), ilike(contacts.email, pattern), ilike(companies.name, pattern))
          : undefined,
      ),
    )
    .orderBy(desc(contacts.id))
    .limit(limit + 1)
  return toPage(rows, limit)
}

export async function findContact(
  db: AppDatabase,
  workspaceId: string,
  id: string,
): Promise<ContactRow | null> {
  const rows = await selectContacts(db).where(and(eq(contacts.workspaceId, workspaceId), eq(contacts.id, id)))
  return rows[0] ?? null
}

export async function createContact(
  db: AppDatabase,
  workspaceId: string,
  { company, ...input }: Omit<ContactInput, 'companyId'> & { company: { id: string; name: string } | null },
): Promise<ContactRow> {
  const values = { id: generateUuid(), workspaceId, companyId: company?.id ?? null, ...input }
  const [row] = await db.insert(contacts).values(values).returning()
  return { ...row!, company }
}

/** Null where the workspace has no such contact. */
export async function updateContact(
  db: AppDatabase,
  workspaceId: string,
  change: { id: string; input: Partial<ContactInput> },
): Promise<ContactRow | null> {
  await db
    .update(contacts)
    .set({ ...change.input, updatedAt: new Date() })
    .where(and(eq(contacts.workspaceId, workspaceId), eq(contacts.id, change.id)))
  return findContact(db, workspaceId, change.id)
}

/** False where the workspace has no such contact. */
export async function deleteContact(db: AppDatabase, workspaceId: string, id: string): Promise<boolean> {
  const gone = await db
    .delete(contacts)
    .where(and(eq(contacts.workspaceId, workspaceId), eq(contacts.id, id)))
    .returning({ id: contacts.id })
  return gone.length > 0
}
