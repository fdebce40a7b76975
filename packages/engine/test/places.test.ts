import type { Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { bytesOf, judge } from '../src/verdict.ts'
import { aJudgeableKey } from './a-key.ts'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const read = { scopes: ['contacts:read'] }
const page = 'https://app.example.com'

describe('where a key may be used', () => {
  const from = (
    key: Parameters<typeof aJudgeableKey>[0],
    caller?: Parameters<typeof judge>[3],
    asked = read,
  ) => {
    const verdict = judge(aJudgeableKey(key), asked, Date.parse('2026-06-01T00:00:00Z'), caller)
    return verdict.ok ? 'ok' : verdict.reason
  }

  it('is everywhere when nobody says otherwise', () => {
    for (const caller of [undefined, {}, { ip: 'unknown' }, { origin: 'null', isBrowser: true }]) {
      expect(from({}, caller)).toBe('ok')
    }
  })

  it.each([
    [{ ip: '192.0.2.7' }, 'ok'],
    [{ ip: '::ffff:192.0.2.7' }, 'ok'],
    [{ ip: '2001:db8::7' }, 'ok'],
    [{ ip: '2001:DB8:0::0007' }, 'ok'],
    [{ ip: '192.0.3.7' }, 'address_not_allowed'],
    [{ ip: '::ffff:192.0.3.7' }, 'address_not_allowed'],
    [{ ip: '2001:db9::7' }, 'address_not_allowed'],
    [{ ip: 'unknown' }, 'address_not_allowed'],
    [{ ip: undefined }, 'address_not_allowed'],
    [{ ip: null }, 'address_not_allowed'],
    [undefined, 'address_not_allowed'],
  ])('holds %j against a list of addresses: %s', (caller, outcome) => {
    expect(from({ allowedIps: ['192.0.2.0/24', '2001:db8::/32'] }, caller)).toBe(outcome)
  })

  it('says which address was seen, in its one spelling, and null when there was none', () => {
    const refusalFor = (ip?: string) => judge(aJudgeableKey({ allowedIps: ['192.0.2.7'] }), read, 0, { ip })
    expect(refusalFor('::ffff:192.0.2.8')).toMatchObject({ address: '192.0.2.8' })
    expect(refusalFor('192.0.2.8, 192.0.2.7')).toMatchObject({ address: null })
    expect(refusalFor()).toMatchObject({ address: null })
  })

  it.each([
    [{ origin: page }, 'ok'],
    [{ origin: 'https://evil.example' }, 'origin_not_allowed'],
    [{ origin: 'null' }, 'origin_not_allowed'],
    [{ origin: '' }, 'origin_not_allowed'],
    [{ origin: `${page}, https://evil.example` }, 'origin_not_allowed'],
    [{ isBrowser: true }, 'origin_not_allowed'],
    [undefined, 'origin_not_allowed'],
  ])('holds %j against a list of origins: %s', (caller, outcome) => {
    expect(from({ allowedOrigins: [page] }, caller)).toBe(outcome)
  })

  it.each([
    [{ isBrowser: true }, 'browser_not_allowed'],
    [{ origin: page }, 'browser_not_allowed'],
    [{ origin: page, isBrowser: false }, 'browser_not_allowed'],
    [{ isBrowser: false }, 'ok'],
    [{ ip: '192.0.2.7' }, 'ok'],
    [undefined, 'ok'],
  ])('refuses %j where browsers are blocked: %s', (caller, outcome) => {
    expect(from({ blockBrowsers: true }, caller)).toBe(outcome)
  })

  it('comes after the state and before scopes', () => {
    const listed = { allowedIps: ['192.0.2.7'] }
    expect(from({ ...listed, revokedAt: new Date() })).toBe('revoked')
    expect(from({ ...listed, disabledAt: new Date() })).toBe('disabled')
    expect(from({ ...listed, scopes: [] })).toBe('address_not_allowed')
    expect(from({ ...listed, scopes: [] }, { ip: '192.0.2.7' })).toBe('insufficient_scope')
    expect(from({ ...listed, blockBrowsers: true }, { isBrowser: true })).toBe('address_not_allowed')
  })

  it('is held by a publishable key against its pages even where it names none, and never opens what asks for no scope', () => {
    const key = { kind: 'publishable' as const, allowedOrigins: [page] }
    expect(from(key, { origin: page })).toBe('ok')
    expect(from(key, { ip: '192.0.2.7' })).toBe('origin_not_allowed')
    expect(from({ ...key, allowedOrigins: [] }, { origin: page })).toBe('origin_not_allowed')
    expect(from(key, { origin: page }, { scopes: [] })).toBe('secret_key_required')
    expect(judge(aJudgeableKey(key), {}, 0, { origin: page })).toMatchObject({
      reason: 'secret_key_required',
    })
    expect(judge(aJudgeableKey(key), { anyScope: ['contacts:read', 'x'] }, 0, { origin: page }).ok).toBe(true)
    expect(from({ ...key, scopes: [] }, { origin: page })).toBe('insufficient_scope')
  })

  it('costs memory only where there are places', () => {
    expect(aJudgeableKey().bounds).toBeNull()
    expect(bytesOf(aJudgeableKey({ allowedIps: ['::1'] }))).toBeGreaterThan(bytesOf(aJudgeableKey()))
  })
})

describe.each(testDatabases)('places of keys on $name', ({ create }) => {
  const db = useDatabase(create)
  let here: Latchkey
  let there: Latchkey
  beforeAll(async () => {
    here = await db.latchkey()
    there = await db.latchkey()
  })
  const outcome = async (node: Latchkey, secret: string, caller?: object) => {
    const verdict = await node.verify(secret, read, caller)
    return verdict.ok ? 'ok' : verdict.reason
  }
  const made = async (fields: object) => {
    const owner = anOwner()
    const { apiKey, secret } = must(await here.keys.create(owner, ann, { name: 'k', ...read, ...fields }))
    return { owner, id: apiKey.id, apiKey, secret }
  }

  it('are stored as they were understood, listed, and kept by a rotation for both secrets', async () => {
    const fields = { allowedIps: ['::ffff:192.0.2.7'], allowedOrigins: ['HTTPS://App.example.com:443/'] }
    const { owner, id, apiKey, secret } = await made(fields)
    const understood = {
      allowedIps: ['192.0.2.7'],
      allowedOrigins: [page],
      blockBrowsers: false,
      kind: 'secret',
    }
    expect(apiKey).toMatchObject(understood)
    expect(await there.keys.get(owner, id)).toEqual(apiKey)
    expect(must(await there.keys.list(owner)).data).toEqual([apiKey])
    const rotated = must(await there.keys.rotate(owner, ann, id, { gracePeriodSeconds: 60 }))
    expect(rotated.apiKey).toMatchObject(understood)
    for (const text of [secret, rotated.secret]) {
      expect(await outcome(here, text, { ip: '192.0.2.7', origin: page })).toBe('ok')
      expect(await outcome(here, text, { ip: '192.0.2.8', origin: page })).toBe('address_not_allowed')
      expect(await outcome(here, text, { ip: '192.0.2.7', origin: 'null' })).toBe('origin_not_allowed')
      expect(await outcome(here, text)).toBe('address_not_allowed')
    }
  })

  it('change at once here and soon on every node, and go when they are emptied', async () => {
    const { owner, id, secret } = await made({})
    const caller = { ip: '192.0.2.7', isBrowser: true }
    expect(await outcome(here, secret, caller)).toBe('ok')
    expect(await outcome(there, secret, caller)).toBe('ok')
    for (const [change, expected] of [
      [{ allowedIps: ['10.0.0.0/8'] }, 'address_not_allowed'],
      [{ allowedIps: ['192.0.2.0/24'] }, 'ok'],
      [{ blockBrowsers: true }, 'browser_not_allowed'],
      [{ blockBrowsers: false, allowedOrigins: [page] }, 'origin_not_allowed'],
      [{ allowedIps: [], allowedOrigins: [] }, 'ok'],
    ] as const) {
      expect(must(await here.keys.update(owner, ann, id, change)).apiKey).toMatchObject(change)
      expect(await outcome(here, secret, caller)).toBe(expected)
      await expect.poll(() => outcome(there, secret, caller)).toBe(expected)
    }
  })

  it('are left alone by changes of something else', async () => {
    const fields = { allowedIps: ['10.0.0.0/8'], allowedOrigins: [page], blockBrowsers: true }
    const { owner, id } = await made(fields)
    expect(must(await here.keys.update(owner, ann, id, { name: 'other' })).apiKey).toMatchObject(fields)
  })

  it('are part of what an Idempotency-Key stands for', async () => {
    const owner = anOwner()
    const options = { name: 'k', allowedIps: ['10.0.0.0/8'], idempotencyKey: 'places-1234567890' }
    const first = must(await here.keys.create(owner, ann, options))
    expect(must(await there.keys.create(owner, ann, options))).toMatchObject({
      secret: first.secret,
      replayed: true,
    })
    expect(await here.keys.create(owner, ann, { ...options, allowedIps: [] })).toMatchObject({
      reason: 'idempotency_mismatch',
    })
  })

  it('are refused in words when they are no places', async () => {
    const { owner, id } = await made({})
    for (const [fields, field] of [
      [{ allowedIps: ['10.0.0.1/8'] }, 'allowedIps'],
      [{ allowedOrigins: ['null'] }, 'allowedOrigins'],
      [{ blockBrowsers: 'yes' }, 'blockBrowsers'],
    ] as [object, string][]) {
      expect(await here.keys.create(owner, ann, { name: 'k', ...fields })).toMatchObject({ field })
      expect(await here.keys.update(owner, ann, id, fields)).toMatchObject({ field })
    }
  })

  it('count refusals there by their reasons', async () => {
    const { owner, id, secret } = await made({ allowedIps: ['10.0.0.0/8'] })
    const node = await db.latchkey()
    await outcome(node, secret, { ip: '192.0.2.7' })
    await outcome(node, secret, { ip: '10.0.0.7' })
    await node.close()
    const { series } = must(await here.usage.ofKey(owner, id))
    expect(series).toMatchObject({ total: 2, accepted: 1, refused: { address_not_allowed: 1 } })
  })
})
