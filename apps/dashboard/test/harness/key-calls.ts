import { apiUrl } from './test.ts'

export interface RichKey {
  id: string
  secret: string
}

/** A call of a person to the key routes, past the dashboard, whatever its answer. */
export const callKeys = (cookie: string, method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(`${apiUrl}/v1/api-keys${path}`, {
    method,
    headers: { cookie, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

/** Makes a key of whatever there is to say about one. */
export async function makeKey(cookie: string, key: Record<string, unknown>): Promise<RichKey> {
  const response = await callKeys(cookie, 'POST', '', key)
  if (!response.ok) throw new Error(`The key was not made: ${response.status} ${await response.text()}`)
  const { apiKey, secret } = (await response.json()) as { apiKey: { id: string }; secret: string }
  return { id: apiKey.id, secret }
}

export async function readKey(cookie: string, id: string): Promise<Record<string, unknown>> {
  return (await (await callKeys(cookie, 'GET', `/${id}`)).json()) as Record<string, unknown>
}
