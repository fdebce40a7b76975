import type postgres from 'postgres'

export interface NewKey {
  name: string
  environment?: 'live' | 'test'
  scopes?: string[]
  expiresAt?: string | null
  rateLimits?: { name: string; limit: number; windowSeconds: number }[]
}

export interface CreatedKey {
  id: string
  secret: string
}

/** A person’s way to their keys, past the dashboard. */
export function keysOf(apiUrl: string, cookie: string) {
  async function call(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(`${apiUrl}/v1/api-keys${path}`, {
      method,
      headers: { cookie, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (!response.ok)
      throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`)
    return response
  }
  return {
    async create(key: NewKey): Promise<CreatedKey> {
      const { apiKey, secret } = (await (await call('POST', '', key)).json()) as {
        apiKey: { id: string }
        secret: string
      }
      return { id: apiKey.id, secret }
    },
    /** The key of a name, as the API tells it. */
    async find(name: string): Promise<Record<string, unknown>> {
      const list = (await (await call('GET', `?q=${encodeURIComponent(name)}`)).json()) as {
        data: Record<string, unknown>[]
      }
      const [found] = list.data
      if (!found) throw new Error(`There is no key ${name}.`)
      return found
    },
    setPolicy: (expiry: { defaultDays: number | null; maxDays: number | null; allowNever: boolean } | null) =>
      call('PUT', '/policy', { expiry }),
    disable: (id: string) => call('PATCH', `/${id}`, { enabled: false }),
    delete: (id: string) => call('DELETE', `/${id}`),
    /** How many requests with all of them have been counted. */
    async requests(): Promise<number> {
      return ((await (await call('GET', '/usage')).json()) as { total: number }).total
    },
    async count(query = ''): Promise<number> {
      const list = (await (await call('GET', `?limit=100${query}`)).json()) as { data: unknown[] }
      return list.data.length
    },
  }
}

const ago = (ms: number) => new Date(Date.now() - ms)

/** Gives a key a past that would take days to live through. */
export async function age(
  sql: postgres.Sql,
  name: string,
  past: {
    createdMs?: number
    usedMs?: number
    usedFrom?: string
    requests?: number
    expiresMs?: number
    by?: string
  },
): Promise<void> {
  if (past.createdMs)
    await sql`update latchkey.keys set created_at = ${ago(past.createdMs)} where name = ${name}`
  if (past.expiresMs)
    await sql`update latchkey.keys set expires_at = ${ago(-past.expiresMs)} where name = ${name}`
  if (past.by) await sql`update latchkey.keys set created_by_name = ${past.by} where name = ${name}`
  if (past.usedMs)
    await sql`
      insert into latchkey.last_used (key_id, used_at, address)
      select id, ${ago(past.usedMs)}, ${past.usedFrom ?? null}::inet from latchkey.keys where name = ${name}
      on conflict (key_id) do update set used_at = excluded.used_at, address = excluded.address`
  if (past.requests)
    await sql`
      insert into latchkey.usage (subject, bucket, count, resolution, namespace, outcome)
      select id, date_trunc('hour', now() - interval '3 hours'), ${past.requests}, 'q', 'default', 'accepted'
      from latchkey.keys where name = ${name}`
}

/** Whether a key opens the demo API. */
export async function callWith(apiUrl: string, secret: string, path = '/v1/contacts'): Promise<number> {
  return (await fetch(`${apiUrl}${path}`, { headers: { authorization: `Bearer ${secret}` } })).status
}
