import { randomBytes } from 'node:crypto'
import type postgres from 'postgres'

export type Role = 'owner' | 'admin' | 'developer' | 'viewer'

/** Everybody in the tests has the same password; the first account is made with it. */
export const password = 'seven tidy otters'
export const ada = { email: 'ada@example.com', name: 'Ada Lovelace', workspace: 'Northwind Trading' }

/** Names the first account and its workspace, which an unattended set-up leaves to be named later. */
export async function nameAda(sql: postgres.Sql): Promise<void> {
  await sql`update account.users set name = ${ada.name} where email = ${ada.email}`
  await sql`update account.workspaces set name = ${ada.workspace}`
}

/**
 * Adds somebody by SQL, for invitations take a while: to Ada’s workspace, to that of another, or to an empty one of their own.
 */
export async function addPerson(
  sql: postgres.Sql,
  person: { email: string; name: string; role: Role; ownWorkspace?: string; workspaceOf?: string },
): Promise<void> {
  const id = randomBytes(13).toString('hex')
  const userId = `user_${id}`
  await sql`insert into account.users (id, name, email) values (${userId}, ${person.name}, ${person.email})`
  await sql`
    insert into account.credentials (id, account_id, provider_id, user_id, password_hash)
    select ${`credential_${id}`}, ${userId}, provider_id, ${userId}, password_hash
    from account.credentials join account.users on users.id = credentials.user_id
    where users.email = ${ada.email}`
  if (person.ownWorkspace) {
    const workspace = { id: `workspace_${id}`, name: person.ownWorkspace, slug: `own-${id}` }
    await sql`insert into account.workspaces ${sql(workspace)}`
    const member = { id: `member_${id}`, workspace_id: workspace.id, user_id: userId, role: person.role }
    await sql`insert into account.members ${sql(member)}`
  } else {
    await sql`
      insert into account.members (id, workspace_id, user_id, role)
      select ${`member_${id}`}, workspace_id, ${userId}, ${person.role}
      from account.members join account.users on users.id = members.user_id
      where users.email = ${person.workspaceOf ?? ada.email}`
  }
}

/** As if somebody had signed in eleven minutes ago. */
export const letTimePass = (sql: postgres.Sql, email: string) => sql`
  update account.sessions set authenticated_at = now() - interval '11 minutes'
  from account.users where users.id = sessions.user_id and users.email = ${email}`

/** Signs in at the API itself; the session’s cookie, as `name=value`. */
export async function signInAtApi(apiUrl: string, email: string): Promise<string> {
  const response = await fetch(`${apiUrl}/v1/session`, {
    method: 'POST',
    // An address of its own, so that tests do not meet the limit on attempts.
    headers: { 'content-type': 'application/json', 'x-forwarded-for': randomAddress() },
    body: JSON.stringify({ email, password }),
  })
  const cookie = response.headers.getSetCookie()[0]?.split(';', 1)[0]
  if (!response.ok || !cookie)
    throw new Error(`${email} cannot sign in: ${response.status} ${await response.text()}`)
  return cookie
}

const randomAddress = () => `10.${[...randomBytes(3)].join('.')}`
