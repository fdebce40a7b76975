import { expiresSoon, KEY_STATES, keyState } from '@latchkey/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKeyId, keyIdFromUuid, keyIdToUuid } from '../src/key-id.ts'

const moments = fc.option(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }))
const dates = fc.record({
  revokedAt: moments,
  expiresAt: moments,
  disabledAt: moments,
  notBefore: moments,
})
const clocks = fc.integer({ min: 0, max: 4e12 })

describe('keyState', () => {
  it('is always one of the published states', () => {
    fc.assert(
      fc.property(dates, clocks, (key, now) => {
        expect(KEY_STATES).toContain(keyState(key, now))
      }),
    )
  })

  it('is revoked for good once revoked, at any time and whatever else is set', () => {
    fc.assert(
      fc.property(dates, clocks, (key, now) => {
        expect(keyState({ ...key, revokedAt: new Date(0) }, now)).toBe('revoked')
      }),
    )
  })

  it('is expired from the very millisecond of its expiry on, disabled or not', () => {
    fc.assert(
      fc.property(moments, clocks, (disabledAt, now) => {
        const key = { revokedAt: null, disabledAt, notBefore: null, expiresAt: new Date(now) }
        expect(keyState(key, now)).toBe('expired')
        expect(keyState(key, now - 1)).toBe(disabledAt === null ? 'active' : 'disabled')
      }),
    )
  })

  it('never comes back from expired by waiting', () => {
    fc.assert(
      fc.property(dates, clocks, fc.nat(), (key, now, later) => {
        fc.pre(keyState(key, now) === 'expired')
        expect(keyState(key, now + later)).toBe('expired')
      }),
    )
  })

  it('is disabled while it is switched off, and active otherwise', () => {
    const never = { revokedAt: null, expiresAt: null, notBefore: null }
    expect(keyState({ ...never, disabledAt: new Date(5) }, 1)).toBe('disabled')
    expect(keyState({ ...never, disabledAt: null }, 1)).toBe('active')
  })

  it('is pending until the very millisecond it begins, and then active', () => {
    const key = { revokedAt: null, expiresAt: null, disabledAt: null, notBefore: new Date(100) }
    expect(keyState(key, 99)).toBe('pending')
    expect(keyState(key, 100)).toBe('active')
  })
})

describe('expiresSoon', () => {
  const day = 86_400_000
  const key = (lifeDays: number) => ({
    createdAt: new Date(0),
    expiresAt: new Date(lifeDays * day),
    revokedAt: null,
  })

  it('is true in the last week of a long life, and in the last tenth of a short one', () => {
    expect(expiresSoon(key(365), 358 * day - 1)).toBe(false)
    expect(expiresSoon(key(365), 358 * day)).toBe(true)
    expect(expiresSoon(key(10), 9 * day - 1)).toBe(false)
    expect(expiresSoon(key(10), 9 * day)).toBe(true)
  })

  it('is false once it ended, when it was revoked, and for ever', () => {
    expect(expiresSoon(key(10), 10 * day)).toBe(false)
    expect(expiresSoon({ ...key(10), revokedAt: new Date(1) }, 9 * day)).toBe(false)
    expect(expiresSoon({ ...key(10), expiresAt: null }, 9 * day)).toBe(false)
  })
})

describe('key ids', () => {
  it('survive the way to a UUID and back', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(keyIdToUuid(keyIdFromUuid(uuid))).toBe(uuid)
      }),
    )
  })

  it('are TypeIDs around version 7 UUIDs', () => {
    const id = createKeyId()
    expect(id).toMatch(/^key_[0-9a-z]{26}$/)
    expect(keyIdToUuid(id)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(keyIdToUuid('key_01h455vb4pex5vsknk084sn02q')).toBe('01890a5d-ac96-774b-bcce-b302099a8057')
  })

  it.each([
    '',
    'key_',
    'key_01h455vb4pex5vsknk084sn02',
    'key_01h455vb4pex5vsknk084sn02qq',
    'key_81h455vb4pex5vsknk084sn02q',
    'key_01h455vb4pex5vsknk084sn02i',
    'key_01H455VB4PEX5VSKNK084SN02Q',
    'user_01h455vb4pex5vsknk084sn02q',
    '01890a5d-ac96-774b-bcce-b302099a8057',
    "key_01h455vb4pex5vsknk084sn02q' or 1=1",
  ])('refuse %j', (text) => {
    expect(keyIdToUuid(text)).toBeNull()
  })
})
