import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { latchkey, type Principal } from '@latchkey/fastify'
import Fastify, { type FastifyInstance } from 'fastify'

/** Nothing inline, nothing from elsewhere, and text becomes HTML in Svelte’s templates alone. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html',
].join('; ')

const page = `<!doctype html>
<html lang="en">
  <head>
    <title>Account</title>
    <meta name="viewport" content="width=device-width" />
    <script type="module" src="/latchkey-api-keys.js"></script>
  </head>
  <body>
    <h1>Account</h1>
    <latchkey-api-keys base-url="/account/keys" example-path="/v1/contacts"></latchkey-api-keys>
  </body>
</html>`

/** An API as a customer of ours would write it, with the element on a plain page of its own. */
export async function startHost(): Promise<{ app: FastifyInstance; address: string }> {
  const app = Fastify({ pluginTimeout: 60_000 })
  await app.register(latchkey, {
    database: 'memory:',
    routePrefix: '/account/keys',
    scopes: { 'contacts:read': 'Read contacts', 'contacts:write': 'Create and change contacts' },
    authorize: ({ headers }): Principal | null =>
      headers.cookie === 'session=ada'
        ? { owner: 'acme', actor: { id: 'ada', name: 'Ada' }, role: 'owner' }
        : null,
  })
  app.get('/v1/contacts', { config: { apiKey: { scopes: ['contacts:read'] } } }, async () => ({ data: [] }))
  app.get('/', async (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', policy).send(page),
  )
  const element = readFileSync(fileURLToPath(new URL('../../dist/latchkey-api-keys.js', import.meta.url)))
  app.get('/latchkey-api-keys.js', async (_request, reply) => reply.type('text/javascript').send(element))
  return { app, address: await app.listen({ port: 0, host: 'localhost' }) }
}
