import Fastify from 'fastify'
import { createHash, hash } from 'node:crypto'
import { latchkey } from '@latchkey/fastify'
const mode = process.argv[2]
const app = Fastify({ logger: false })
const scopes = { 'contacts:read': 'Read contacts' }
let secret = 'none'
const reply = { data: [{ id: 1, name: 'Ada Lovelace' }], nextCursor: null }
const schema = { response: { 200: { type: 'object', properties: { data: { type: 'array', items: { type: 'object', properties: { id: { type: 'integer' }, name: { type: 'string' } } } }, nextCursor: { type: ['null', 'string'] } } } } }
if (mode === 'none') app.get('/c', { schema }, async () => reply)
else if (mode === 'hook') { app.get('/c', { schema, onRequest: (q, r, done) => done() }, async () => reply) }
else if (mode === 'hand') { secret = 'lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA'; const m = new Map([[hash('sha256', secret, 'base64url'), { expires: Infinity }]])
  app.get('/c', { schema, onRequest: (q, r, done) => { const a = q.headers.authorization; const k = a && m.get(hash('sha256', a.slice(7), 'base64url')); if (k && k.expires > Date.now()) done(); else r.code(401).send() } }, async () => reply) }
else if (mode === '401') app.get('/c', async (q, r) => { r.code(401).headers({ 'www-authenticate': 'Bearer realm="default", error="invalid_token"', 'cache-control': 'no-store', 'content-type': 'application/problem+json' }); return r.send('{"type":"https://latchkey.dev/problems/invalid_key","title":"The API key is not valid","status":401,"detail":"The API key is not valid.","code":"invalid_key","requestId":"' + q.id + '"}') })
else {
  await app.register(latchkey, { database: 'memory:', scopes, authorize: () => null })
  const rateLimits = mode === 'limits' ? [{ name: 'burst', limit: 1e6, windowSeconds: 1 }, { name: 'sustained', limit: 1e6, windowSeconds: 3 }] : []
  const r = await app.latchkey.keys.create('o', { id: 'u', name: null }, { name: 'x', scopes: ['contacts:read'], rateLimits })
  if (!r.ok) throw new Error(r.reason)
  secret = mode === 'bad' ? 'lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfZ' : r.secret
  app.get('/c', { schema, config: { apiKey: { scopes: ['contacts:read'] } } }, async () => reply)
}
await app.listen({ port: 0, host: '127.0.0.1' })
process.send!({ port: (app.server.address() as any).port, secret })
process.on('message', () => process.send!({ cpu: process.cpuUsage() }))
