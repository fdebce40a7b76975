import type { ApiKey } from '@latchkey/engine'

/** A record for tests that need one but not its details. */
export function aKey(differences: Partial<ApiKey> = {}): ApiKey {
  const createdAt = new Date('2026-01-01T00:00:00Z')
  return {
    id: 'key_01h455vb4pex5vsknk084sn02q',
    namespace: 'default',
    owner: 'owner',
    name: 'A key',
    environment: 'live',
    start: 'lk_live_a1B2',
    scopes: ['contacts:read'],
    metadata: {},
    createdAt,
    createdBy: { id: 'user', name: 'Ann' },
    updatedAt: createdAt,
    expiresAt: null,
    disabledAt: null,
    revokedAt: null,
    lastUsedAt: null,
    ...differences,
  }
}
