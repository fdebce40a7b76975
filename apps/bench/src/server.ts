/**
 * A server with one route, `GET /v1/contacts`, protected by one of the contenders. Every contender serves the same
 * reply: a small one, so that what authentication costs weighs as much as it can.
 */
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { endWithParent, say, settingsOf } from './child-process.ts'
import type { ContenderSettings, CreateContender } from './contenders/contender.ts'

/** Each is loaded only where it is used, so that none pays for another at start-up. */
const CONTENDERS: Record<string, () => Promise<CreateContender>> = {
  none: async () => (await import('./contenders/none.ts')).none,
  latchkey: async () => (await import('./contenders/latchkey.ts')).latchkey,
  'hand-written': async () => (await import('./contenders/hand-written.ts')).handWritten,
  'bearer-auth': async () => (await import('./contenders/bearer-auth.ts')).fastifyBearerAuth,
  'signed-requests': async () => (await import('./contenders/signed-requests.ts')).fastifySignedRequests,
  'better-auth': async () => (await import('./contenders/better-auth.ts')).betterAuth,
}

const { contender, ...settings } = settingsOf<ContenderSettings & { contender: string }>()
const app = Fastify({ logger: false, pluginTimeout: 60_000 })
const { route, headers } = await (await CONTENDERS[contender]!())(app, settings)
const contacts = { data: [{ id: 'con_1', name: 'Ada Lovelace', email: 'ada@example.com' }] }
const { reply: fixed } = settings

if (fixed === undefined) app.get('/v1/contacts', route, async () => contacts)
else {
  app.get('/v1/contacts', route, (_request, reply) => {
    reply.code(fixed.status).headers(fixed.headers).send(fixed.body)
  })
}

await app.listen({ port: 0, host: '127.0.0.1' })
endWithParent(() => app.close())
say({ url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/v1/contacts`, headers })
