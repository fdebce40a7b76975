const good = { name: 'burst', limit: 10, windowSeconds: 60 }
const limits = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ...good, name: `l${index}` }))

/** Fields that are refused, each with the name of what is wrong in it: one step beyond every bound. */
export const wrongRateLimits: [field: string, fields: object][] = [
  ['rateLimits', { rateLimits: null }],
  ['rateLimits', { rateLimits: good }],
  ['rateLimits', { rateLimits: limits(5) }],
  ['rateLimits', { rateLimits: [good, { ...good, limit: 20 }] }],
  ['rateLimits.0', { rateLimits: [null] }],
  ['rateLimits.1', { rateLimits: [good, 'burst'] }],
  ['rateLimits.0.name', { rateLimits: [{ limit: 10, windowSeconds: 60 }] }],
  ['rateLimits.0.name', { rateLimits: [{ ...good, name: '' }] }],
  ['rateLimits.0.name', { rateLimits: [{ ...good, name: 'a'.repeat(33) }] }],
  ['rateLimits.0.name', { rateLimits: [{ ...good, name: 'Burst' }] }],
  ['rateLimits.0.name', { rateLimits: [{ ...good, name: '1st' }] }],
  ['rateLimits.0.name', { rateLimits: [{ ...good, name: 'b"r' }] }],
  ['rateLimits.0.name', { rateLimits: [{ ...good, name: 'burst\n' }] }],
  ['rateLimits.0.limit', { rateLimits: [{ name: 'burst', windowSeconds: 60 }] }],
  ['rateLimits.0.limit', { rateLimits: [{ ...good, limit: 0 }] }],
  ['rateLimits.0.limit', { rateLimits: [{ ...good, limit: 1_000_001 }] }],
  ['rateLimits.0.limit', { rateLimits: [{ ...good, limit: 1.5 }] }],
  ['rateLimits.0.limit', { rateLimits: [{ ...good, limit: '10' }] }],
  ['rateLimits.0.windowSeconds', { rateLimits: [{ name: 'burst', limit: 10 }] }],
  ['rateLimits.0.windowSeconds', { rateLimits: [{ ...good, windowSeconds: 0 }] }],
  ['rateLimits.0.windowSeconds', { rateLimits: [{ ...good, windowSeconds: 3_601 }] }],
  ['rateLimits.0.windowSeconds', { rateLimits: [{ ...good, windowSeconds: 0.5 }] }],
  ['rateLimits.0.windowSeconds', { rateLimits: [{ ...good, windowSeconds: null }] }],
  ['rateLimits.0.burst', { rateLimits: [{ ...good, burst: 2 }] }],
]
