import type { ApiKey } from '@latchkey/client'

const dayMs = 24 * 3600_000
const at = (distanceMs: number) => new Date(Date.now() + distanceMs).toISOString()

export const sampleKey = (own: Partial<ApiKey>): ApiKey => ({
  id: `key_${crypto.randomUUID()}`,
  name: 'Integration with CRM',
  owner: 'acme',
  kind: 'secret',
  environment: 'live',
  status: 'active',
  start: 'lk_live_q8Zk',
  scopes: ['contacts:read'],
  metadata: {},
  allowedIps: [],
  allowedOrigins: [],
  blockBrowsers: false,
  rateLimits: [],
  quota: null,
  createdAt: at(-20 * dayMs),
  createdBy: { id: 'ada', name: 'Ada Lovelace' },
  updatedAt: at(-20 * dayMs),
  expiresAt: at(70 * dayMs),
  expiresSoon: false,
  notBefore: null,
  lastUsedAt: at(-5 * 60_000),
  lastUsedAddress: '203.0.113.7',
  version: 1,
  rotatedAt: null,
  rotateEveryDays: null,
  rotationDueAt: null,
  retiringSecret: null,
  revokedAt: null,
  revocation: null,
  ...own,
})

/** One in each status. */
export const apiKeys = (): ApiKey[] => [
  sampleKey({}),
  sampleKey({
    name: 'Nightly export of everything that the accounting department has ever asked for',
    start: 'lk_live_T2bW',
    scopes: ['contacts:read', 'contacts:write', 'companies:read'],
    expiresAt: at(3 * dayMs),
    expiresSoon: true,
  }),
  sampleKey({
    name: 'Zapier',
    start: 'lk_live_x9Rm',
    retiringSecret: {
      version: 1,
      start: 'lk_live_o1Dk',
      retiredAt: at(-4 * 3600_000),
      endsAt: at(20 * 3600_000),
      lastUsedAt: null,
      lastUsedAddress: null,
    },
  }),
  sampleKey({
    name: 'Staging app',
    environment: 'test',
    start: 'lk_test_p4Ns',
    status: 'disabled',
    lastUsedAt: null,
    lastUsedAddress: null,
    expiresAt: null,
  }),
  sampleKey({
    name: 'Legacy importer',
    start: 'lk_live_g7Vc',
    status: 'expired',
    expiresAt: at(-30 * dayMs),
  }),
  sampleKey({
    name: 'Old partner',
    start: 'lk_live_h3Qy',
    status: 'revoked',
    scopes: [],
    revokedAt: at(-dayMs),
  }),
]

export const manyKeys = (): ApiKey[] =>
  Array.from({ length: 60 }, (_, index) => sampleKey({ name: `Key ${index + 1}` }))
