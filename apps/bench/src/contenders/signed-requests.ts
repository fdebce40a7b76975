import { createHmac } from 'node:crypto'
import type { FastifyPluginCallback } from 'fastify'
import fastifyApiKey from 'fastify-api-key'
import { secretAt } from '../secrets.ts'
import type { CreateContender } from './contender.ts'

const PLUGIN_META = Symbol.for('plugin-meta')

interface SignatureOptions {
  getSecret(request: unknown, id: string, done: (error: Error | null, secret?: string) => void): void
}

/**
 * fastify-api-key: the caller signs the request with a shared secret. Its last release names Fastify 3 as the only
 * one it fits; it works in Fastify 5 once that is overlooked, and nothing else is changed here.
 */
export const fastifySignedRequests: CreateContender = async (app, { keys = 1 }) => {
  const secrets = new Map(Array.from({ length: keys }, (_, i) => [`key-${i}`, secretAt(i)]))
  const plugin = fastifyApiKey as unknown as FastifyPluginCallback<SignatureOptions> & Record<symbol, object>
  plugin[PLUGIN_META] = { ...plugin[PLUGIN_META], fastify: '5.x' }
  await app.register(plugin, {
    getSecret(_request, id, done) {
      const secret = secrets.get(id)
      done(
        secret === undefined ? Object.assign(new Error('Unknown client'), { statusCode: 401 }) : null,
        secret,
      )
    },
  })
  app.addHook('onRequest', (request, reply, done) => {
    const signed = request as unknown as { apiKeyVerify(done: (error?: Error) => void): void }
    signed.apiKeyVerify((error) => {
      if (error) reply.send(error)
      else done()
    })
  })
  const signature = createHmac('sha256', secretAt(0))
    .update('(request-target): get /v1/contacts')
    .digest('base64')
  const parts = [
    'keyId="key-0"',
    'algorithm="hmac-sha256"',
    'headers="(request-target)"',
    `signature="${signature}"`,
  ]
  return { route: {}, headers: { authorization: `Signature ${parts.join(',')}` } }
}
