import { and, eq, gt, sql } from 'drizzle-orm'
import type { AppDatabase } from '../database/app-database.ts'
import { type Auth } from './auth.ts'
import { createPerson, createWorkspace } from './create-account.ts'
import { hashPassword } from './password.ts'
import { setupLink, users } from './tables.ts'
import { generateToken } from './token.ts'

const linkLifetimeMs = 24 * 60 * 60 * 1000

/** Any fixed number that nothing else in this database locks: the bytes of "set". */
const setUpLock = 0x736574

export interface FirstAccount {
  name: string
  email: string
  password: string
  workspaceName: string
}

export type SetUp = ReturnType<typeof createSetUp>

/**
 * How the first account comes to be. No default account exists: whoever reads the program's output at its first
 * start opens the one-time link printed there. Once an account exists, all of this is closed for good.
 */
export function createSetUp(db: AppDatabase, authOn: (db: AppDatabase) => Auth) {
  async function isNeeded(on: AppDatabase = db): Promise<boolean> {
    const anyone = await on.select({ id: users.id }).from(users).limit(1)
    return anyone.length === 0
  }

  /** One at a time, whichever process asks: two could both find nobody there. */
  function whileNobodyExists<T>(work: (tx: AppDatabase) => Promise<T>): Promise<T | null> {
    return db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(${setUpLock})`)
      return (await isNeeded(tx)) ? work(tx) : null
    })
  }

  async function createFirst(tx: AppDatabase, account: FirstAccount, passwordHash: string): Promise<void> {
    const auth = authOn(tx)
    const person = await createPerson(auth, { ...account, passwordHash })
    await createWorkspace(auth, { name: account.workspaceName, ownerId: person.id })
    await tx.delete(setupLink)
  }

  return {
    isNeeded: () => isNeeded(),

    /** A new link's token while there is no account, else null. The link before it no longer works. */
    issueLink(): Promise<string | null> {
      return whileNobodyExists(async (tx) => {
        const token = generateToken()
        await tx.delete(setupLink)
        await tx.insert(setupLink).values({ token, expiresAt: new Date(Date.now() + linkLifetimeMs) })
        return token
      })
    },

    /** Uses the link up and creates the account, both or neither. False where the link does not work (any more). */
    async redeemLink(token: string, account: FirstAccount): Promise<boolean> {
      const works = and(eq(setupLink.token, token), gt(setupLink.expiresAt, new Date()))
      // Looked up first so that a wrong token costs nobody a slow hash.
      if ((await db.select().from(setupLink).where(works)).length === 0) return false
      const passwordHash = await hashPassword(account.password)
      const created = await whileNobodyExists(async (tx) => {
        const used = await tx.delete(setupLink).where(works).returning({ id: setupLink.id })
        if (used.length === 0) return false
        await createFirst(tx, account, passwordHash)
        return true
      })
      return created === true
    },

    /** Creates the first account without a link; does nothing when there is one already. */
    async createUnattended(account: FirstAccount): Promise<void> {
      if (!(await isNeeded())) return
      const passwordHash = await hashPassword(account.password)
      await whileNobodyExists((tx) => createFirst(tx, account, passwordHash))
    },
  }
}
