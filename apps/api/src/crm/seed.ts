import type { AppDatabase } from '../database/app-database.ts'
import { generateUuid } from '../id.ts'
import { sampleCompanies } from './sample-data.ts'
import { companies, contacts } from './tables.ts'

/** Gives a new workspace its first companies and contacts, in two statements. */
export async function seedWorkspace(db: AppDatabase, workspaceId: string): Promise<void> {
  const seeded = sampleCompanies.map(({ contacts: people, ...company }) => ({
    row: { id: generateUuid(), workspaceId, ...company },
    people,
  }))
  await db.insert(companies).values(seeded.map(({ row }) => row))
  await db
    .insert(contacts)
    .values(
      seeded.flatMap(({ row, people }) =>
        people.map((person) => ({ id: generateUuid(), workspaceId, companyId: row.id, ...person })),
      ),
    )
}
