import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freshDatabase, startPostgres } from '@latchkey/testing'
import postgres from 'postgres'
import { freePort, startChild, type ChildServer } from './child-server.ts'
import { startProxy } from './proxy.ts'

const apiFile = fileURLToPath(new URL('../../../api/dist/server.js', import.meta.url))
const dashboardFile = fileURLToPath(new URL('../../build/index.js', import.meta.url))

/** The real API and the production build of the dashboard, on a database of their own. */
export interface Servers {
  /** The dashboard as browsers reach it: through a proxy that keeps every answer. */
  origin: string
  /** The API itself. */
  apiUrl: string
  /** The proxy between dashboard and API, where the API can be made to fail. */
  apiProxyUrl: string
  databaseUrl: string
  sql: postgres.Sql
  api: ChildServer
  dashboard: ChildServer
  stop: () => Promise<void>
}

export interface Admin {
  email: string
  password: string
}

/** Starts everything on free ports. Without an admin the API waits to be set up by its one-time link.
 * Examples on the pages name the API as it is, or as `apiPublicUrl`. What else the API is told may name the origin. */
export async function startServers(
  admin?: Admin,
  apiPublicUrl?: string,
  tellApi?: (origin: string) => Promise<Record<string, string>>,
): Promise<Servers> {
  for (const file of [apiFile, dashboardFile])
    if (!existsSync(file)) throw new Error(`${file} is missing. Run \`npm run build\` at the root first.`)

  const [apiPort, apiProxyPort, dashboardPort, frontPort] = await Promise.all([1, 2, 3, 4].map(freePort))
  const origin = `http://localhost:${frontPort}`
  const apiUrl = `http://localhost:${apiPort}`
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-dashboard-'))
  const server = await startPostgres()
  const database = await freshDatabase(server.url)

  const api = await startChild(
    apiFile,
    {
      PORT: String(apiPort),
      DATABASE_URL: database.url,
      LATCHKEY_DATA: folder,
      DASHBOARD_URL: origin,
      LOG_LEVEL: 'info',
      ...(admin && { LATCHKEY_ADMIN_EMAIL: admin.email, LATCHKEY_ADMIN_PASSWORD: admin.password }),
      ...(await tellApi?.(origin)),
    },
    `${apiUrl}/readyz`,
  )
  const dashboard = await startChild(
    dashboardFile,
    {
      PORT: String(dashboardPort),
      HOST: '127.0.0.1',
      ORIGIN: origin,
      API_URL: `http://localhost:${apiProxyPort}`,
      API_PUBLIC_URL: apiPublicUrl ?? apiUrl,
    },
    `http://localhost:${dashboardPort}/healthz`,
  )
  const apiProxy = await startProxy(apiProxyPort!, apiPort!)
  const front = await startProxy(frontPort!, dashboardPort!)
  const sql = postgres(database.url, { max: 2, onnotice: () => undefined })

  return {
    origin,
    apiUrl,
    apiProxyUrl: `http://localhost:${apiProxyPort}`,
    databaseUrl: database.url,
    sql,
    api,
    dashboard,
    async stop() {
      await front.stop()
      await dashboard.stop()
      await apiProxy.stop()
      await api.stop()
      await sql.end()
      await database.drop()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
