import { randomUUID } from 'node:crypto'
import type { Auth } from './auth.ts'

/** How a person is going to sign in. */
export type Proof =
  /** Already hashed: the slow part is done before any transaction begins. */
  { passwordHash: string } | { identity: { issuer: string; subject: string } }

export type NewPerson = { name: string; email: string } & Proof

/** Creates a person who signs in with e-mail and password, or by an OpenID provider that has verified the address. */
export async function createPerson(auth: Auth, person: NewPerson): Promise<{ id: string }> {
  const { internalAdapter } = await auth.$context
  const { name, email } = person
  if ('identity' in person) {
    const { issuer: providerId, subject: accountId } = person.identity
    const source = { method: 'oauth', oauth: { providerId } } as const
    const user = await internalAdapter.createUser({ name, email, emailVerified: true }, source)
    await internalAdapter.linkAccount({ userId: user.id, accountId, providerId })
    return { id: user.id }
  }
  const user = await internalAdapter.createUser(
    { name, email, emailVerified: false },
    { method: 'email-password' },
  )
  const credential = {
    userId: user.id,
    accountId: user.id,
    providerId: 'credential',
    password: person.passwordHash,
  }
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
