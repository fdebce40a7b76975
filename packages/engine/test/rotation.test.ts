import { MAX_GRACE_SECONDS, parseSecret, rotationDueAt, type Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, ben, must, useDatabase } from './set-up.ts'

const DAY = 86_400_000

describe.each(testDatabases)('rotation on $name', ({ create }) => {
  const db = useDatabase(create)
  const clock = { now: Date.parse('2026-06-01T12:00:00Z') }
  let here: Latchkey
  let there: Latchkey
  beforeAll(async () => {
    const options = { now: () => clock.now }
    here = await db.latchkey(options)
    there = await db.latchkey(options)
  })

  const outcome = async (node: Latchkey, secret: string) => {
    const verdict = await node.verify(secret, { scopes: ['contacts:read'] })
    return verdict.ok ? 'ok' : verdict.reason
  }
  const aKey = async (fields: object = {}) => {
    const owner = anOwner()
    const options = { name: 'k', scopes: ['contacts:read'], ...fields }
    const { apiKey, secret } = must(await here.keys.create(owner, ann, options))
    return { owner, id: apiKey.id, apiKey, secret }
  }

  it('gives the same key another secret of the same form, and ends the old one at once', async () => {
    const { owner, id, apiKey, secret } = await aKey({ environment: 'test', metadata: { a: 1 } })
    expect(await outcome(here, secret)).toBe('ok')
    expect(await outcome(there, secret)).toBe('ok')
    clock.now += 1_000
    const rotated = must(await here.keys.rotate(owner, ben, id))
    const { start } = parseSecret(rotated.secret)!
    expect(rotated.secret).toHaveLength(secret.length)
    // The first use may be stored by now.
    const { lastUsedAt } = rotated.apiKey
    expect(rotated.apiKey).toEqual({
      ...apiKey,
      lastUsedAt,
      start,
      updatedAt: new Date(clock.now),
      rotatedAt: new Date(clock.now),
      version: 2,
      retiringSecret: {
        version: 1,
        start: apiKey.start,
        retiredAt: new Date(clock.now),
        endsAt: new Date(clock.now),
        lastUsedAt: null,
        lastUsedAddress: null,
      },
    })
    expect(rotated.receipt).toMatchObject({ nodes: 2, confirmed: 2 })
    for (const node of [here, there]) {
      expect(await outcome(node, rotated.secret)).toBe('ok')
      expect(await outcome(node, secret)).toBe('retired')
    }
    expect(await here.keys.get(owner, id)).toEqual({
      ...rotated.apiKey,
      lastUsedAt: expect.toSatisfy((at) => at === null || at instanceof Date) as Date,
    })
  })

  it('lets the old secret work until its grace ends to the millisecond, and the new one throughout', async () => {
    const { owner, id, secret } = await aKey()
    const rotated = must(await here.keys.rotate(owner, ann, id, { gracePeriodSeconds: 60 }))
    expect(rotated.receipt).toBeNull()
    const end = clock.now + 60_000
    for (const [now, expected] of [
      [clock.now, 'ok'],
      [end - 1, 'ok'],
      [end, 'retired'],
      [end + DAY, 'retired'],
    ] as const) {
      clock.now = now
      for (const node of [here, there]) {
        expect(await outcome(node, secret)).toBe(expected)
        expect(await outcome(node, rotated.secret)).toBe('ok')
      }
    }
  })

  it('never lets the old secret outlive its key', async () => {
    const expiresAt = new Date(clock.now + 30_000)
    const { owner, id, secret } = await aKey({ expiresAt })
    const { apiKey } = must(await here.keys.rotate(owner, ann, id, { gracePeriodSeconds: 60 }))
    expect(apiKey.retiringSecret?.endsAt).toEqual(expiresAt)
    must(await here.keys.update(owner, ann, id, { expiresAt: new Date(clock.now + DAY) }))
    clock.now += 30_000
    expect(await outcome(here, secret)).toBe('retired')
  })

  it('shares limits, state and usage between both secrets, and tells when the old one was last used', async () => {
    const { owner, id, secret } = await aKey({ rateLimits: [{ name: 'r', limit: 3, windowSeconds: 60 }] })
    const rotated = must(await here.keys.rotate(owner, ann, id, { gracePeriodSeconds: 3_600 }))
    expect(await outcome(here, secret)).toBe('ok')
    const usedOld = clock.now
    clock.now += 5_000
    expect(await outcome(here, rotated.secret)).toBe('ok')
    expect(await outcome(here, rotated.secret)).toBe('ok')
    expect(await outcome(here, secret)).toBe('rate_limited')

    const stored = async () => (await here.keys.get(owner, id))!
    const lastUse = async () => (await stored()).lastUsedAt
    await expect.poll(lastUse, { timeout: 15_000 }).toEqual(new Date(clock.now))
    const { retiringSecret } = await stored()
    expect(retiringSecret?.lastUsedAt).toEqual(new Date(usedOld))

    const disabled = must(await there.keys.update(owner, ann, id, { enabled: false }))
    expect(disabled.receipt).toMatchObject({ nodes: 2, confirmed: 2 })
    for (const text of [secret, rotated.secret]) {
      for (const node of [here, there]) expect(await outcome(node, text)).toBe('disabled')
    }
    const revoked = must(await here.keys.revoke(owner, ann, id))
    expect(revoked.receipt).toMatchObject({ nodes: 2, confirmed: 2 })
    for (const text of [secret, rotated.secret]) {
      for (const node of [here, there]) expect(await outcome(node, text)).toBe('revoked')
    }
  })

  it('cuts the old secret now, on every node, with a receipt; or lets it live longer', async () => {
    const { owner, id, secret } = await aKey()
    must(await here.keys.rotate(owner, ann, id, { gracePeriodSeconds: 10 }))
    expect(await outcome(there, secret)).toBe('ok')
    const longer = must(await here.keys.retire(owner, ann, id, 120))
    expect(longer.receipt).toBeNull()
    expect(longer.apiKey.retiringSecret?.endsAt).toEqual(new Date(clock.now + 120_000))
    clock.now += 60_000
    await expect.poll(() => outcome(there, secret)).toBe('ok')

    const cut = must(await here.keys.retire(owner, ann, id, 0))
    expect(cut.receipt).toMatchObject({ nodes: 2, confirmed: 2 })
    expect(await outcome(here, secret)).toBe('retired')
    expect(await outcome(there, secret)).toBe('retired')
    expect(await here.keys.retire(owner, ann, id, 60)).toEqual({ ok: false, reason: 'not_retiring' })
  })

  it('waits for no grace when a secret leaked, and otherwise keeps two secrets at most', async () => {
    const { owner, id, secret: first } = await aKey()
    const second = must(await here.keys.rotate(owner, ann, id, { gracePeriodSeconds: 600 }))
    expect(await here.keys.rotate(owner, ann, id, { gracePeriodSeconds: 1 })).toEqual({
      ok: false,
      reason: 'retiring',
    })
    const third = must(await here.keys.rotate(owner, ann, id))
    expect(third.apiKey.version).toBe(3)
    expect(await outcome(here, first)).toBe('unknown')
    expect(await outcome(here, second.secret)).toBe('retired')
    expect(await outcome(here, third.secret)).toBe('ok')
    await expect.poll(() => outcome(there, first)).toBe('unknown')
  })

  it('answers the same request with the same secret, and rotates once', async () => {
    const { owner, id } = await aKey()
    const idempotencyKey = crypto.randomUUID()
    const options = { gracePeriodSeconds: 60, idempotencyKey }
    const results = await Promise.all([1, 2, 3].map(() => here.keys.rotate(owner, ann, id, options)))
    const [done] = results.filter((result) => result.ok && !result.replayed)
    const { apiKey, secret } = must(done!)
    for (const result of results) {
      if (!result.ok) expect(result.reason).toBe('idempotency_in_flight')
      else expect(result.secret).toBe(secret)
    }
    const again = must(await there.keys.rotate(owner, ann, id, options))
    expect(again).toEqual({ ok: true, apiKey, secret, receipt: null, replayed: true })
    expect(await there.keys.rotate(owner, ann, id, { idempotencyKey })).toEqual({
      ok: false,
      reason: 'idempotency_mismatch',
    })
    expect((await here.keys.get(owner, id))?.version).toBe(2)
  })

  it('ends with one present secret however many rotate at once', async () => {
    const { owner, id, secret } = await aKey()
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) => [here, there][i % 2]!.keys.rotate(owner, ann, id)),
    )
    const secrets = [secret, ...results.map((result) => must(result).secret)]
    await expect
      .poll(async () => (await Promise.all(secrets.map((text) => outcome(there, text)))).sort())
      .toEqual(['ok', 'retired', ...Array<string>(7).fill('unknown')])
    expect((await here.keys.get(owner, id))?.version).toBe(9)
  })

  it('refuses keys that are over, keys of others, and graces that cannot be', async () => {
    const { owner, id } = await aKey({ expiresAt: new Date(clock.now + 10) })
    const refusal = async (who: string, grace?: number) => {
      const result = await here.keys.rotate(who, ann, id, { gracePeriodSeconds: grace })
      return result.ok ? 'ok' : result.reason
    }
    expect(await refusal(anOwner())).toBe('not_found')
    for (const grace of [-1, 1.5, MAX_GRACE_SECONDS + 1]) expect(await refusal(owner, grace)).toBe('invalid')
    expect(await here.keys.retire(owner, ann, id, 1)).toEqual({ ok: false, reason: 'not_retiring' })
    expect(await here.keys.retire(anOwner(), ann, id, 1)).toEqual({ ok: false, reason: 'not_found' })
    clock.now += 10
    expect(await refusal(owner)).toBe('expired')
    must(await here.keys.revoke(owner, ann, id))
    expect(await refusal(owner)).toBe('revoked')
    expect(await here.keys.rotate(owner, ann, 'key_none')).toEqual({ ok: false, reason: 'not_found' })
  })

  it('is told to every node by whatever program does it', async () => {
    const { owner, id, secret } = await aKey()
    must(await here.keys.rotate(owner, ann, id, { gracePeriodSeconds: 600 }))
    expect(await outcome(here, secret)).toBe('ok')
    await db.database.drizzle.execute(
      sql`update latchkey.retired_secrets set ends_at = retired_at where start = ${secret.slice(0, 12)}`,
    )
    await expect.poll(() => outcome(here, secret)).toBe('retired')
    await db.database.drizzle.execute(
      sql`delete from latchkey.retired_secrets where start = ${secret.slice(0, 12)}`,
    )
    await expect.poll(() => outcome(here, secret)).toBe('unknown')
  })

  it('is due when somebody wanted to be reminded', async () => {
    const { owner, id, apiKey } = await aKey({ rotateEveryDays: 90 })
    expect(rotationDueAt(apiKey)).toEqual(new Date(apiKey.createdAt.getTime() + 90 * DAY))
    clock.now += DAY
    const rotated = must(await here.keys.rotate(owner, ann, id))
    expect(rotationDueAt(rotated.apiKey)).toEqual(new Date(clock.now + 90 * DAY))
    const { apiKey: quiet } = must(await here.keys.update(owner, ann, id, { rotateEveryDays: null }))
    expect(rotationDueAt(quiet)).toBeNull()
    for (const rotateEveryDays of [0, 1.5, 3_651]) {
      expect(await here.keys.update(owner, ann, id, { rotateEveryDays })).toMatchObject({
        field: 'rotateEveryDays',
      })
    }
  })
})
