/*
 * What must and must not compile. `npm run check` compiles this file; nothing runs it. A line that is expected to
 * be an error and is none fails the check.
 */
import Fastify from 'fastify'
import { expectTypeOf } from 'vitest'
import latchkeyDefault, {
  latchkey,
  type ApiKey,
  type Latchkey,
  type Principal,
  type VerifiedKey,
} from '../src/index.ts'

const app = Fastify()
const authorize = (): Principal => ({ owner: 'acme', actor: { id: 'u', name: null }, role: 'admin' })

expectTypeOf(latchkeyDefault).toEqualTypeOf(latchkey)

await app.register(latchkey, { authorize })
await app.register(latchkey, { authorize, database: 'memory:', scopes: { 'contacts:read': 'Read contacts' } })
// @ts-expect-error -- without authorize nobody could manage keys, or everybody could
await app.register(latchkey, {})
const actor = { id: 'u', name: null }
// @ts-expect-error -- there is no such role
await app.register(latchkey, { authorize: () => ({ owner: 'o', actor, role: 'root' }) })
// @ts-expect-error -- every key has an owner
await app.register(latchkey, { authorize: () => ({ actor, role: 'admin' }) })
// @ts-expect-error -- a misspelt option
await app.register(latchkey, { authorize, scope: {} })
// @ts-expect-error -- there is no such environment
await app.register(latchkey, { authorize, environment: 'prod' })
// @ts-expect-error -- a scope has a description
await app.register(latchkey, { authorize, scopes: ['contacts:read'] })

app.get('/', { config: { apiKey: true } }, async (request) => {
  expectTypeOf(request.apiKey).toEqualTypeOf<VerifiedKey | null>()
  // @ts-expect-error -- null where the route has no config.apiKey
  void request.apiKey.owner
  // @ts-expect-error -- a key is shared by many requests and cannot be changed
  request.apiKey!.owner = 'me'
  return request.apiKey!.scopes
})
app.get('/', { config: { apiKey: {} } }, async () => 1)
app.get('/', { config: { apiKey: { scopes: ['contacts:read'], namespace: 'partners' } } }, async () => 1)
// @ts-expect-error -- scopes are a list
app.get('/', { config: { apiKey: { scopes: 'contacts:read' } } }, async () => 1)
// @ts-expect-error -- of text
app.get('/', { config: { apiKey: { scopes: [1] } } }, async () => 1)
// @ts-expect-error -- a namespace is a name
app.get('/', { config: { apiKey: { namespace: 1 } } }, async () => 1)

expectTypeOf(app.latchkey).toEqualTypeOf<Latchkey>()
expectTypeOf(app.latchkeys).toEqualTypeOf<ReadonlyMap<string, Latchkey>>()

expectTypeOf<ApiKey['status']>().toEqualTypeOf<'active' | 'pending' | 'disabled' | 'expired' | 'revoked'>()
expectTypeOf<ApiKey['expiresAt']>().toEqualTypeOf<string | null>()
expectTypeOf<ApiKey>().not.toHaveProperty('secret')
expectTypeOf<ApiKey>().not.toHaveProperty('hash')
