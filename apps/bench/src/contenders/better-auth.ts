import { apiKey } from '@better-auth/api-key'
import { betterAuth as createAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import pg from 'pg'
import type { CreateContender } from './contender.ts'
import { createMemoryStorage } from './memory-storage.ts'

/**
 * better-auth with its api-key plugin, in the fastest way its documentation gives: updates that can wait are
 * deferred; and in storage `memory` the keys are in a secondary storage, for which this process' own memory stands
 * in, where the documentation has Redis. Its limit is so high that it is never reached.
 */
export const betterAuth: CreateContender = async (
  app,
  { databaseUrl, limits = false, storage = 'database' },
) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
  const auth = createAuth({
    database: pool,
    baseURL: 'http://localhost:3000',
    secret: 'a secret of the benchmark, long enough for the check',
    emailAndPassword: { enabled: true },
    logger: { disabled: true },
    telemetry: { enabled: false },
    advanced: { backgroundTasks: { handler: (work: Promise<unknown>) => void work.catch(() => undefined) } },
    plugins: [
      apiKey({
        customStorage: createMemoryStorage(),
        storage: storage === 'database' ? 'database' : 'secondary-storage',
        fallbackToDatabase: storage === 'database behind memory',
        deferUpdates: true,
        rateLimit: { enabled: limits, timeWindow: 86_400_000, maxRequests: 1_000_000_000 },
      }),
    ],
  })
  await (await getMigrations(auth.options)).runMigrations()
  const { headers: signedUp, response } = await auth.api.signUpEmail({
    body: { name: 'Ada', email: `ada-${process.pid}@example.com`, password: 'correct horse battery' },
    returnHeaders: true,
  })
  const userId = response.user.id
  const session = new Headers({
    cookie: signedUp
      .getSetCookie()
      .map((text) => text.split(';')[0])
      .join('; '),
  })
  const permissions = { contacts: ['read'] }
  const created = await auth.api.createApiKey({ body: { name: 'Integration', userId, permissions } })

  app.post<{ Body: { name: string } }>('/v1/api-keys', async (request, reply) => {
    const { name } = request.body
    return reply.code(201).send(await auth.api.createApiKey({ body: { name, userId, permissions } }))
  })
  app.get('/v1/api-keys', () => auth.api.listApiKeys({ headers: session, query: { limit: 50 } }))
  app.addHook('onClose', () => pool.end())
  return {
    route: {
      async onRequest(request, reply) {
        const header = request.headers.authorization
        const key = header?.startsWith('Bearer ') ? header.slice(7) : ''
        const verdict = key === '' ? null : await auth.api.verifyApiKey({ body: { key, permissions } })
        if (!verdict?.valid) return reply.code(401).send({ error: 'unauthorized' })
      },
    },
    headers: { authorization: `Bearer ${created.key}` },
  }
}
