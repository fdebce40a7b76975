import type { ApiKey, RateLimit } from '@latchkey/engine'
import { createPlaces } from '../src/places.ts'
import type { KeyQuota } from '../src/quota-lease.ts'
import { createRateLimiter } from '../src/rate-limit.ts'
import { UsageMeter } from '../src/usage.ts'
import { prepareKey, type JudgeableKey, type KeyFacts } from '../src/verdict.ts'

/** A record for tests that need one but not its details. */
export function aKey(differences: Partial<ApiKey> = {}): ApiKey {
  const createdAt = new Date('2026-01-01T00:00:00Z')
  return {
    id: 'key_01h455vb4pex5vsknk084sn02q',
    namespace: 'default',
    owner: 'owner',
    kind: 'secret',
    name: 'A key',
    environment: 'live',
    start: 'lk_live_a1B2',
    scopes: ['contacts:read'],
    metadata: {},
    allowedIps: [],
    allowedOrigins: [],
    blockBrowsers: false,
    rateLimits: [],
    quota: null,
    createdAt,
    createdBy: { id: 'user', name: 'Ann' },
    updatedAt: createdAt,
    expiresAt: null,
    notBefore: null,
    disabledAt: null,
    revokedAt: null,
    revocation: null,
    version: 1,
    rotatedAt: null,
    rotateEveryDays: null,
    retiringSecret: null,
    lastUsedAt: null,
    lastUsedAddress: null,
    ...differences,
  }
}

/** The same, as verdicts need it. */
export function facts(differences: Partial<ApiKey> = {}): KeyFacts {
  const {
    revokedAt,
    revocation: _revocation,
    disabledAt,
    expiresAt,
    notBefore,
    quota: _,
    ...key
  } = aKey(differences)
  return {
    ...key,
    hash: '',
    barred: revokedAt !== null ? 'revoked' : disabledAt !== null ? 'disabled' : null,
    expiresAtMs: expiresAt?.getTime() ?? null,
    notBeforeMs: notBefore?.getTime() ?? null,
    retired: null,
    allotment: null,
    places: createPlaces(aKey(differences)),
  }
}

/** The same, ready to be judged, with nothing taken from its limits yet. */
export function aJudgeableKey(
  differences: Partial<ApiKey> = {},
  quota: KeyQuota | null = null,
): JudgeableKey {
  const known = facts(differences)
  const limits: readonly RateLimit[] = known.rateLimits
  return prepareKey(known, {
    limits: createRateLimiter().limitsOf(known.id, limits, 0),
    quota,
    meterOf: (key) => new UsageMeter(key),
  })
}
