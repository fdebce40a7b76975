import helmet from '@fastify/helmet'
import { problemServerOptions } from '@latchkey/fastify'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const yearInSeconds = 31_536_000

/** For replies that no hook ever sees. */
const bareHeaders = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': `max-age=${yearInSeconds}; includeSubDomains`,
  'x-content-type-options': 'nosniff',
}

/** Every reply: nothing may be framed, sniffed, stored or reached over plain HTTP later. */
export async function addSecurityHeaders(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    frameguard: { action: 'deny' },
    strictTransportSecurity: { maxAge: yearInSeconds, includeSubDomains: true },
  })
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.header('cache-control', 'no-store')
    done()
  })
}

/** Problem documents, with the same headers, for what fails before any hook runs. */
export const frameworkErrors = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
  problemServerOptions.frameworkErrors(error, request, reply.headers(bareHeaders))
}
