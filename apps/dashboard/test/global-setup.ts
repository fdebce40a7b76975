import type { FullConfig } from '@playwright/test'
import { addPerson, ada, nameAda, password, signInAtApi } from './harness/people.ts'
import { age, keysOf } from './harness/keys.ts'
import { startServers, type Servers } from './harness/servers.ts'

const dayMs = 24 * 3600_000

/** An API and a dashboard of its own for each worker, for the whole run. */
export default async function setup({ workers }: FullConfig): Promise<() => Promise<void>> {
  const started = await Promise.all(Array.from({ length: workers }, (_, index) => startWorld(index)))
  return async () => void (await Promise.all(started.map((servers) => servers.stop())))
}

/** Servers with a workspace in which every status can be seen; the worker finds them by its index. */
async function startWorld(index: number): Promise<Servers> {
  const servers = await startServers({ email: ada.email, password })
  const { sql, apiUrl } = servers
  await nameAda(sql)
  await addPerson(sql, { email: 'vic@example.com', name: 'Vic Viewer', role: 'viewer' })
  await addPerson(sql, { email: 'nia@example.com', name: 'Nia New', role: 'owner', ownWorkspace: 'Empty' })
  await addPerson(sql, {
    email: 'max@example.com',
    name: 'Max Many',
    role: 'owner',
    ownWorkspace: 'Many keys',
  })

  const keys = keysOf(apiUrl, await signInAtApi(apiUrl, ada.email))
  await keys.create({ name: 'Legacy importer', scopes: ['contacts:read', 'contacts:write'] })
  await age(sql, 'Legacy importer', { createdMs: 400 * dayMs, usedMs: 120 * dayMs, expiresMs: -30 * dayMs })
  const paused = await keys.create({
    name: 'Staging app',
    environment: 'test',
    scopes: ['contacts:read'],
    rateLimits: [
      { name: 'burst', limit: 100, windowSeconds: 10 },
      { name: 'sustained', limit: 5_000, windowSeconds: 3_600 },
    ],
  })
  await keys.disable(paused.id)
  await keys.create({ name: 'Nightly export', scopes: ['contacts:read', 'companies:read'] })
  await age(sql, 'Nightly export', { createdMs: 80 * dayMs, usedMs: 9 * 3600_000, expiresMs: 5 * dayMs })
  await keys.create({ name: 'Zapier', scopes: ['contacts:read', 'contacts:write', 'companies:read'] })
  const revoked = await keys.create({ name: 'Old partner' })
  await keys.delete(revoked.id)

  const many = keysOf(apiUrl, await signInAtApi(apiUrl, 'max@example.com'))
  for (let number = 1; number <= 60; number++)
    await many.create({ name: `Key ${String(number).padStart(2, '0')}` })

  process.env[`TEST_ORIGIN_${index}`] = servers.origin
  process.env[`TEST_API_URL_${index}`] = apiUrl
  process.env[`TEST_API_PROXY_URL_${index}`] = servers.apiProxyUrl
  process.env[`TEST_DASHBOARD_DATABASE_URL_${index}`] = servers.databaseUrl
  return servers
}
