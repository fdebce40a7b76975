import { randomUUID } from 'node:crypto'
import type { Auth } from './auth.ts'

export interface NewPerson {
  name: string
  email: string
  /** Already hashed: the slow part is done before any transaction begins. */
  passwordHash: string
}

/** Creates a person who signs in with e-mail and password. */
export async function createPerson(auth: Auth, person: NewPerson): Promise<{ id: string }> {
  const { internalAdapter } = await auth.$context
  const { name, email, passwordHash } = person
  const user = await internalAdapter.createUser(
    { name, email, emailVerified: false },
    { method: 'email-password' },
  )
  const credential = { userId: user.id, accountId: user.id, providerId: 'credential', password: passwordHash }
  await internalAdapter.linkAccount(credential)
  return { id: user.id }
}

/** Creates a workspace and makes the person its owner. */
export async function createWorkspace(auth: Auth, workspace: { name: string; ownerId: string }) {
  // better-auth wants a slug that is unique; nothing here shows it.
  const { id } = await auth.api.createOrganization({
    body: { name: workspace.name, slug: randomUUID(), userId: workspace.ownerId },
  })
  return { id }
}
