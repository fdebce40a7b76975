const good = { limit: 10, period: 'day' }

/** Fields that are refused, each with the name of what is wrong in it: one step beyond every bound. */
export const wrongQuotas: [field: string, fields: object][] = [
  ['quota', { quota: 10 }],
  ['quota', { quota: [good] }],
  ['quota.limit', { quota: { period: 'day' } }],
  ['quota.limit', { quota: { ...good, limit: 0 } }],
  ['quota.limit', { quota: { ...good, limit: 1_000_000_000_001 } }],
  ['quota.limit', { quota: { ...good, limit: 1.5 } }],
  ['quota.limit', { quota: { ...good, limit: '10' } }],
  ['quota.limit', { quota: { ...good, limit: null } }],
  ['quota.period', { quota: { limit: 10 } }],
  ['quota.period', { quota: { ...good, period: 'year' } }],
  ['quota.period', { quota: { ...good, period: null } }],
  ['quota.timeZone', { quota: { ...good, timeZone: 'Mars/Olympus' } }],
  ['quota.timeZone', { quota: { ...good, timeZone: '' } }],
  ['quota.timeZone', { quota: { ...good, timeZone: 'x'.repeat(65) } }],
  ['quota.timeZone', { quota: { ...good, timeZone: null } }],
  ['quota.anchorDay', { quota: { ...good, anchorDay: 1 } }],
  ['quota.anchorDay', { quota: { ...good, period: 'month', anchorDay: 0 } }],
  ['quota.anchorDay', { quota: { ...good, period: 'month', anchorDay: 32 } }],
  ['quota.anchorDay', { quota: { ...good, period: 'month', anchorDay: 1.5 } }],
  ['quota.refillsAt', { quota: { ...good, refillsAt: '2030-01-01T00:00:00Z' } }],
]
