import { connect, type ClientHttp2Session } from 'node:http2'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addProtectedRoutes, createKey, registerLatchkey } from './support/app.ts'
import { useEmbeddedDatabase } from './support/databases.ts'
import { listen } from './support/raw-http.ts'

describe('over HTTP/2', () => {
  const database = useEmbeddedDatabase()
  let app: FastifyInstance
  let session: ClientHttp2Session
  let secret: string
  beforeAll(async () => {
    const plain = Fastify({ pluginTimeout: 60_000 })
    await registerLatchkey(plain, database())
    ;({ secret } = await createKey(plain, 'acme'))
    await plain.close()

    app = Fastify({ pluginTimeout: 60_000, http2: true }) as unknown as FastifyInstance
    await registerLatchkey(app, database())
    addProtectedRoutes(app)
    session = connect(`http://127.0.0.1:${await listen(app)}`)
  })
  afterAll(async () => {
    session.close()
    await app.close()
  })

  const status = (headers: Record<string, string | string[]>) =>
    new Promise<number>((resolve, reject) => {
      const stream = session.request({ ':path': '/any', ...headers })
      stream.on('response', (reply) => resolve(reply[':status']!)).on('error', reject)
      stream.resume().end()
    })

  it('reads keys as over HTTP/1', async () => {
    expect(await status({ authorization: `Bearer ${secret}` })).toBe(200)
    expect(await status({ 'x-api-key': secret })).toBe(200)
    expect(await status({})).toBe(401)
    expect(await status({ authorization: `Bearer ${secret}`, 'x-api-key': secret })).toBe(400)
    expect(await status({ 'x-api-key': [secret, secret] })).toBe(400)
  })
})
