import type { RateLimit } from '@latchkey/client'
import { formatSeconds } from '#lib/dates.ts'
import { formatNumber } from '#lib/numbers.ts'

export const texts = {
  facts: {
    key: 'Key',
    id: 'Id',
    status: 'Status',
    environment: 'Environment',
    scopes: 'Scopes',
    created: 'Created',
    lastUsed: 'Last used',
    rateLimits: 'Rate limits',
    begins: 'Begins',
    expires: 'Expires',
  },
  noRateLimits: 'None',
  rateLimit: ({ limit, windowSeconds }: RateLimit) =>
    `${formatNumber(limit)} in ${formatSeconds(windowSeconds)}`,
  disabled: 'The key is disabled.',
  disable: 'Disable',
  enable: 'Enable',
  delete: 'Delete',
  pendingHint: 'Calls with this key are refused until it begins.',
  disableHint: 'Calls with this key are refused until you enable it again.',
  enableHint: 'Calls with this key are let through again.',
  expiredHint: 'An expired key cannot be enabled. Create another.',
  revokedHint: 'This key is deleted. It stays in the list of revoked keys as a record.',
  conflict: 'The key changed meanwhile, so nothing was done. This is how it stands now.',
  failed: 'The API does not answer, so nothing was changed. Try again in a moment.',
}
