import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callAs, createApp, KEYS } from '../support/app.ts'
import { useEmbeddedDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

describe('GET /v1/api-keys/scopes', () => {
  const database = useEmbeddedDatabase()
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database(), {
      keyPrefix: 'acme_api',
      scopeSets: { '@read-only': { description: 'Read everything', scopes: ['contacts:read'] } },
    }))
  })
  afterAll(() => app.close())

  it('200: lists the scopes as they were registered, those for managing keys, and the prefix', async () => {
    const reply = await callAs(app, 'acme', { url: `${KEYS}/scopes` }, 'viewer')
    expect(reply.json()).toEqual({
      data: [
        { name: 'contacts:read', description: 'Read contacts', managesKeys: false, public: false },
        {
          name: 'contacts:write',
          description: 'Create, change and delete contacts',
          managesKeys: false,
          public: false,
        },
        {
          name: 'keys:read',
          description: 'See API keys and how they are used',
          managesKeys: true,
          public: false,
        },
        {
          name: 'keys:write',
          description: 'Create, change and delete API keys',
          managesKeys: true,
          public: false,
        },
        {
          name: 'audit:read',
          description: 'See who changed which API key, and from where',
          managesKeys: true,
          public: false,
        },
      ],
      sets: [{ name: '@read-only', description: 'Read everything', scopes: ['contacts:read'] }],
      keyPrefix: 'acme_api',
      publishableKeyPrefix: 'acme_api_pk',
    })
  })

  it('401: asks a stranger to sign in', async () => {
    expectProblem(await app.inject({ url: `${KEYS}/scopes` }), 'unauthenticated')
  })
})
