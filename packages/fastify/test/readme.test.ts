import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

/*
 * The plugin as people first meet it: a dozen lines, and keys in the embedded database that it makes for itself in
 * ./.latchkey.
 */
let home: string
let folder: string
beforeAll(async () => {
  home = process.cwd()
  folder = await mkdtemp(join(tmpdir(), 'latchkey-readme-'))
  process.chdir(folder)
})
afterAll(async () => {
  process.chdir(home)
  await rm(folder, { recursive: true, force: true })
})

it('creates a key, lets it in, and lets nobody else in', async () => {
  const { default: Fastify } = await import('fastify')
  const { latchkey } = await import('@latchkey/fastify')

  const app = Fastify({ pluginTimeout: 60_000 })
  await app.register(latchkey, {
    scopes: { 'contacts:read': 'Read contacts' },
    authorize: async (request) =>
      request.headers.cookie === 'session=ada' // your own sign-in goes here
        ? { owner: 'acme', actor: { id: 'ada', name: 'Ada' }, role: 'admin' }
        : null,
  })
  app.get('/contacts', { config: { apiKey: { scopes: ['contacts:read'] } } }, async (request) => ({
    contactsOf: request.apiKey!.owner,
  }))
  const url = await app.listen({ port: 0 })

  const created = await fetch(`${url}/v1/api-keys`, {
    method: 'POST',
    headers: { cookie: 'session=ada', 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Integration with CRM', scopes: ['contacts:read'] }),
  })
  expect(created.status).toBe(201)
  const { secret } = (await created.json()) as { secret: string }

  const good = await fetch(`${url}/contacts`, { headers: { authorization: `Bearer ${secret}` } })
  expect(good.status).toBe(200)
  expect(await good.json()).toEqual({ contactsOf: 'acme' })
  expect((await fetch(`${url}/contacts`)).status).toBe(401)
  expect((await fetch(`${url}/v1/api-keys`)).status).toBe(401)
  await app.close()
})
