import type { Page } from '@playwright/test'
import { keysOf } from './keys.ts'
import { addPerson, signInAtApi, type Role } from './people.ts'
import { apiUrl, cookieFor, databaseSql, uniqueName } from './test.ts'

/** Somebody in a workspace of their own, in which no other test does anything. */
export async function newWorkspace(
  role: Role = 'owner',
  email = `${uniqueName('somebody').replace(' ', '.')}@example.com`,
) {
  await addPerson(databaseSql(), { email, name: 'Mia Many', role, ownWorkspace: 'A place of its own' })
  const cookie = await signInAtApi(apiUrl, email)
  const call = (method: string, path: string, body?: unknown) =>
    fetch(`${apiUrl}/v1/api-keys${path}`, {
      method,
      headers: { cookie, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  return {
    email,
    keys: keysOf(apiUrl, cookie),
    /** What the API says of a key. */
    read: async (id: string) => (await (await call('GET', `/${id}`)).json()) as ReadKey,
    change: (id: string, body: object) => call('PATCH', `/${id}`, body),
    rotate: (id: string, gracePeriodSeconds: number) => call('POST', `/${id}/rotate`, { gracePeriodSeconds }),
    signIn: (page: Page) => page.context().addCookies([cookieFor(cookie)]),
  }
}

interface ReadKey {
  name: string
  status: string
  revocation: { reason: string; note: string | null } | null
}
