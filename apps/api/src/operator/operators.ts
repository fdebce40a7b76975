import type { Latchkey } from '@latchkey/fastify'
import { asc, eq } from 'drizzle-orm'
import { users } from '../account/tables.ts'
import type { AppDatabase } from '../database/app-database.ts'
import { operatorTrail } from './looks.ts'
import { operatorRole } from './platform-roles.ts'

/** Whoever has the database at hand. */
const host = { id: 'host', name: null, type: 'system' } as const

interface OperatorPerson {
  id: string
  name: string
  email: string
}

export type Operators = ReturnType<typeof createOperators>

/** Who the operators are. Nobody is one unless somebody with the database at hand says so; no request ever does. */
export function createOperators(db: AppDatabase, audit: Latchkey['audit']) {
  async function find(email: string): Promise<OperatorPerson | null> {
    const { id, name } = users
    const [person] = await db
      .select({ id, name, email: users.email })
      .from(users)
      .where(eq(users.email, email.trim().toLowerCase()))
    return person ?? null
  }

  /** Recorded first: an operator of whom nobody could tell since when would be worse than a line too much. */
  async function setRole(
    email: string,
    role: string | null,
    action: 'operator.appointed' | 'operator.dismissed',
  ): Promise<OperatorPerson | null> {
    const person = await find(email)
    if (person === null) return null
    const details = { userId: person.id, name: person.name }
    await audit.record([{ owner: operatorTrail, action, details }], host)
    await db.update(users).set({ role }).where(eq(users.id, person.id))
    return person
  }

  return {
    /** The person who is an operator from now on; null when nobody has this address. */
    appoint: (email: string) => setRole(email, operatorRole, 'operator.appointed'),

    /** The person who is one no more, their open pages included. */
    dismiss: (email: string) => setRole(email, null, 'operator.dismissed'),

    list(): Promise<OperatorPerson[]> {
      return db
        .select({ id: users.id, name: users.name, email: users.email })
        .from(users)
        .where(eq(users.role, operatorRole))
        .orderBy(asc(users.email))
    },
  }
}
