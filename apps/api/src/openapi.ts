import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { Problem } from '@latchkey/fastify'
import type { FastifyInstance } from 'fastify'
import { sessionCookieName } from './account/session-cookie.ts'

/** How people, as opposed to programs, are known. */
export const sessionSecurity = {
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: sessionCookieName,
    description: 'The cookie that `POST /v1/session` sets.',
  },
} as const

const description = `A small CRM that is opened with API keys, to show what Latchkey does.

People sign in, with a cookie, to manage the keys of their workspace. Programs send a key, in
\`Authorization: Bearer\` or in \`X-API-Key\`, to reach the workspace's companies and contacts.

Every error is a problem document (RFC 9457) with a stable \`code\`.`

const tags = [
  { name: 'Contacts', description: 'The people your workspace deals with.' },
  { name: 'Companies', description: 'The companies they work for.' },
  { name: 'Account', description: 'How people get in and out.' },
  { name: 'Operators', description: 'For the people who run the platform, and nobody else.' },
  { name: 'Members', description: 'Who is in the workspace, as what, and how others come in.' },
]

/** Collects the routes that are declared after it into one OpenAPI 3.1 document. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  app.addSchema({ ...Problem, $id: 'Problem' })
  await app.register(swagger, {
    convertConstToEnum: false,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Latchkey demo API',
        version: '1.0.0',
        description,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'Where this document came from.' }],
      tags,
      components: { securitySchemes: sessionSecurity },
    },
    refResolver: { buildLocalReference: ({ $id }) => $id as string },
  })
}

/** Shows the document: as it is under /openapi.json, for people under /docs. */
export async function showDocument(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())

  await app.register(swaggerUi, {
    routePrefix: '/docs',
    theme: { title: 'Latchkey API reference' },
    uiConfig: { layout: 'BaseLayout' },
    // Its own files alone: nothing inline, nothing from elsewhere, and in nobody's frame.
    staticCSP: {
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'"],
      'img-src': ["'self'", 'data:'],
      'connect-src': ["'self'"],
      'base-uri': ["'none'"],
      'form-action': ["'none'"],
      'frame-ancestors': ["'none'"],
    },
    logLevel: 'warn',
  })
}
