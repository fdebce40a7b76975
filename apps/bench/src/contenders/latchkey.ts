import { latchkey as plugin } from '@latchkey/fastify'
import { ACTOR, OWNER, SCOPES } from '../bulk-load.ts'
import type { CreateContender } from './contender.ts'

/** The plugin as a host would register it. Which limits apply is a matter of the keys. */
export const latchkey: CreateContender = async (app, { databaseUrl }) => {
  await app.register(plugin, {
    database: databaseUrl,
    scopes: SCOPES,
    maxKeysPerOwner: 1_000_000_000,
    authorize: ({ headers }) => ({ owner: String(headers['x-owner'] ?? OWNER), actor: ACTOR, role: 'owner' }),
  })
  return { route: { config: { apiKey: { scopes: ['contacts:read'] } } } }
}
