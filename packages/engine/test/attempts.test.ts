import { describe, expect, it } from 'vitest'
import { clientOf, createAttempts, MAX_WRONG_SECRETS_PER_MINUTE } from '../src/attempts.ts'

const start = 1_000_000

describe('counting wrong secrets', () => {
  it('lets a client be wrong so often at once, then so often a minute', () => {
    const attempts = createAttempts()
    const client = { ip: '192.0.2.1' }
    for (let i = 0; i < MAX_WRONG_SECRETS_PER_MINUTE; i++) expect(attempts.fail(client, start)).toBe(0)
    const waitMs = attempts.fail(client, start)
    expect(waitMs).toBeGreaterThan(0)
    expect(attempts.fail(client, start + waitMs - 1)).toBeGreaterThan(0)
    expect(attempts.fail(client, start + waitMs)).toBe(0)
    let inTheNextMinute = 0
    for (let ms = 50; ms <= 60_000; ms += 50) {
      if (attempts.fail(client, start + waitMs + ms) === 0) inTheNextMinute++
    }
    expect(inTheNextMinute).toBe(MAX_WRONG_SECRETS_PER_MINUTE)
  })

  it('suspects only who was wrong too often, and only for a while', () => {
    const attempts = createAttempts()
    const client = { ip: '192.0.2.1' }
    expect(attempts.isSuspect(client, start)).toBe(false)
    for (let i = 0; i < MAX_WRONG_SECRETS_PER_MINUTE; i++) attempts.fail(client, start)
    expect(attempts.isSuspect(client, start)).toBe(true)
    expect(attempts.isSuspect({ ip: '192.0.2.2' }, start)).toBe(false)
    expect(attempts.isSuspect(client, start + 60_000)).toBe(false)
  })

  it('counts those without an address as one client', () => {
    const attempts = createAttempts()
    for (let i = 0; i < MAX_WRONG_SECRETS_PER_MINUTE; i++) attempts.fail({}, start)
    expect(attempts.fail({ ip: undefined }, start)).toBeGreaterThan(0)
  })

  it('remembers a bounded number of clients', () => {
    const attempts = createAttempts()
    const client = { ip: '192.0.2.1' }
    for (let i = 0; i < MAX_WRONG_SECRETS_PER_MINUTE; i++) attempts.fail(client, start)
    for (let i = 0; i < 20_000; i++)
      attempts.fail({ ip: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` }, start)
    expect(attempts.isSuspect(client, start)).toBe(false)
    expect(attempts.isSuspect({ ip: '10.0.0.1' }, start)).toBe(false)
  })
})

describe('what counts as one client', () => {
  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::1'],
    ['2001:db8:1:2::1', '2001:DB8:1:2:ffff:ffff:ffff:ffff'],
    ['2001:0db8:0001:0002:0000:0000:0000:0001', '2001:db8:1:2::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['192.0.2.1', '::ffff:192.0.2.1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['::ffff:192.0.2.1', '0:0:0:0:0:FFFF:192.0.2.1'],
  ])('%s is the client %s', (one, same) => {
    expect(clientOf({ ip: one })).toBe(clientOf({ ip: same }))
  })

  it.each([
    ['192.0.2.1', '192.0.2.2'],
    ['::ffff:1.2.3.4', '::ffff:5.6.7.8'],
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['::1', '127.0.0.1'],
  ])('%s is not the client %s', (one, other) => {
    expect(clientOf({ ip: one })).not.toBe(clientOf({ ip: other }))
  })

  it('takes what is no address as it is', () => {
    expect(clientOf({ ip: 'not:an:address' })).toBe('not:an:address')
  })
})
