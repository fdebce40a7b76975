import { createHmac, randomBytes } from 'node:crypto'
import { createLatchkey, generateSecret, type Latchkey, type PepperOptions } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { hashBytes, hashSecret } from '../src/secret.ts'
import { allImports, quickForeignKeys, slowForeignKeys } from './foreign-keys.ts'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const servers = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')
const p1 = randomBytes(32)
const p2 = randomBytes(32).toString('base64')
const first: PepperOptions = { current: 'p1', keys: { p1 } }
const second: PepperOptions = { current: 'p2', keys: { p1, p2 } }
const only2: PepperOptions = { current: 'p2', keys: { p2 } }

describe.each(servers)('peppers on $name', ({ create }) => {
  const db = useDatabase(create)
  let namespaces = 0
  const open: Latchkey[] = []
  afterEach(async () => {
    for (const latchkey of open.splice(0)) await latchkey.close()
  })

  /** Nodes of a key space that no other test uses. */
  function aSpace() {
    const namespace = `n${++namespaces}`
    const owner = anOwner()
    const node = async (peppers?: PepperOptions, options = {}) => {
      const latchkey = await db.latchkey({ namespace, peppers, ...options })
      open.push(latchkey)
      return latchkey
    }
    const keyOf = async (latchkey: Latchkey) =>
      must(await latchkey.keys.create(owner, ann, { name: 'k', scopes: [] }))
    return { namespace, owner, node, keyOf }
  }

  const row = async (start: string) => {
    const [found] = await db.database.query<{ hash: string; pepper: string | null }>(
      `select encode(hash, 'hex') as hash, pepper from latchkey.keys where start = $1`,
      [start],
    )
    return found!
  }
  const peppered = (secret: string, pepper: string | Buffer) =>
    createHmac('sha256', pepper)
      .update(hashBytes(hashSecret(secret)))
      .digest('hex')
  const plain = (secret: string) => hashBytes(hashSecret(secret)).toString('hex')
  const isKnown = (latchkey: Latchkey, secret: string) => !(latchkey.verify(secret) instanceof Promise)
  const counts = async (latchkey: Latchkey) =>
    Object.fromEntries(
      (await latchkey.peppers!.status()).counts.map((one) => [
        one.pepper ?? 'none',
        [one.keys, one.retiredSecrets],
      ]),
    )

  it('are what the database lacks: it has an HMAC of the digest, and neither the digest nor a pepper', async () => {
    const { node, keyOf } = aSpace()
    const latchkey = await node(first)
    const { secret, apiKey } = await keyOf(latchkey)
    expect(await row(apiKey.start)).toEqual({ hash: peppered(secret, p1), pepper: 'p1' })
    expect(await latchkey.verify(secret)).toMatchObject({ ok: true, key: { id: apiKey.id } })
    expect(await latchkey.verify(generateSecret({ prefix: 'lk', environment: 'live' }))).toMatchObject({
      reason: 'unknown',
    })

    const tables = await db.database.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'latchkey'`,
      [],
    )
    let dump = ''
    for (const { name } of tables) {
      const rows = await db.database.query<{ row: string }>(
        `select to_jsonb(t)::text as row from ${name} t`,
        [],
      )
      dump += rows.map((one) => one.row).join('\n')
    }
    expect(dump).toContain(peppered(secret, p1))
    expect(dump).not.toContain(plain(secret))
    expect(dump).not.toContain(p1.toString('hex'))
    expect(dump).not.toContain(p1.toString('base64'))
  })

  it('leave what is stored without them as it always was', async () => {
    const { node, keyOf } = aSpace()
    const latchkey = await node()
    expect(latchkey.peppers).toBeNull()
    const { secret, apiKey } = await keyOf(latchkey)
    expect(await row(apiKey.start)).toEqual({ hash: plain(secret), pepper: null })
  })

  it('cost no query where a key is known, or its checksum is wrong', async () => {
    const { node, keyOf } = aSpace()
    const latchkey = await node(second)
    const { secret } = await keyOf(latchkey)
    // Until the news of its creation has come, the key may be forgotten once more.
    await expect.poll(async () => (await latchkey.verify(secret)).ok && isKnown(latchkey, secret)).toBe(true)
    const query = vi.spyOn(db.database, 'query')
    const asked = () => query.mock.calls.filter(([text]) => text.includes('retired.hash'))
    expect(latchkey.verify(secret)).toMatchObject({ ok: true })
    const wrong = secret.slice(0, -1) + (secret.endsWith('a') ? 'b' : 'a')
    expect(latchkey.verify(wrong)).toMatchObject({ reason: 'malformed' })
    expect(asked()).toEqual([])
    // And one where it is not, whatever it may be stored under.
    const unknown = generateSecret({ prefix: 'lk', environment: 'live' })
    expect(await latchkey.verify(unknown)).toMatchObject({ reason: 'unknown' })
    expect(latchkey.verify(unknown)).toMatchObject({ reason: 'unknown' })
    expect(asked()).toHaveLength(1)
    query.mockRestore()
  })

  it('are applied to a key without one when it is used, behind its back', async () => {
    const { node, keyOf } = aSpace()
    const before = await node()
    const { secret, apiKey } = await keyOf(before)
    const latchkey = await node(first)
    expect(await counts(latchkey)).toEqual({ none: [1, 0], p1: [0, 0] })
    expect(await latchkey.verify(secret)).toMatchObject({ ok: true, key: { id: apiKey.id } })
    await expect.poll(() => row(apiKey.start)).toEqual({ hash: peppered(secret, p1), pepper: 'p1' })
    expect(await latchkey.verify(secret)).toMatchObject({ ok: true })
    expect(await counts(latchkey)).toEqual({ none: [0, 0], p1: [1, 0] })
    const trail = await db.database.query<{ action: string }>(
      `select action from latchkey.audit_events where text like '%' || $1 || '%' order by sequence`,
      [apiKey.id],
    )
    expect(trail).toEqual([{ action: 'key.created' }])
    expect((await latchkey.keys.get(apiKey.owner, apiKey.id))!.updatedAt).toEqual(apiKey.updatedAt)
  })

  it('are applied to all keys at once, used or not, and never twice', async () => {
    const { node, keyOf } = aSpace()
    const before = await node()
    const made = await Promise.all(Array.from({ length: 40 }, () => keyOf(before)))
    const [rotated] = made
    const grace = { gracePeriodSeconds: 60 }
    const { secret } = must(await before.keys.rotate(rotated!.apiKey.owner, ann, rotated!.apiKey.id, grace))

    const latchkey = await node(first)
    const progress: number[] = []
    const apply = () => latchkey.peppers!.apply({ onProgress: (applied) => progress.push(applied) })
    expect(await apply()).toEqual({ applied: 41 })
    expect(progress.at(-1)).toBe(41)
    expect(await apply()).toEqual({ applied: 0 })
    expect(await counts(latchkey)).toEqual({ none: [0, 0], p1: [40, 1] })
    for (const one of [...made.map((key) => key.secret), secret]) {
      expect(await latchkey.verify(one)).toMatchObject({ ok: true })
    }
  })

  it('rotate: the old one works on, moves forward when it is used, and can go when nothing is under it', async () => {
    const { owner, node, keyOf } = aSpace()
    const old = await node(first)
    const used = await keyOf(old)
    const unused = await keyOf(old)
    const replaced = await keyOf(old)
    const grace = { gracePeriodSeconds: 600 }
    const { secret: newSecret } = must(await old.keys.rotate(owner, ann, replaced.apiKey.id, grace))

    const latchkey = await node(second)
    for (const secret of [used.secret, replaced.secret, newSecret]) {
      expect(await latchkey.verify(secret)).toMatchObject({ ok: true })
    }
    await expect.poll(() => counts(latchkey)).toEqual({ none: [0, 0], p1: [1, 0], p2: [2, 1] })
    expect(await latchkey.peppers!.list('p1')).toEqual([
      {
        id: unused.apiKey.id,
        owner,
        name: 'k',
        start: unused.apiKey.start,
        createdAt: unused.apiKey.createdAt,
      },
    ])
    expect(await latchkey.peppers!.list('p1', { after: unused.apiKey.id })).toEqual([])

    await expect(node(only2)).rejects.toThrow(/^1 keys and 0 replaced secrets .* pepper "p1".*peppers\.keys/)
    await expect(node()).rejects.toThrow(/^1 keys and .*pepper "p1"/)
    must(await latchkey.keys.revoke(owner, ann, unused.apiKey.id, { reason: 'keyCompromise' }))
    expect(await counts(latchkey)).toEqual({ none: [0, 0], p1: [0, 0], p2: [2, 1] })
    const last = await node(only2)
    for (const secret of [used.secret, replaced.secret, newSecret]) {
      expect(await last.verify(secret)).toMatchObject({ ok: true })
    }
    expect(await last.verify(unused.secret)).toMatchObject({ ok: false })
  })

  it('never move backward, though nodes of before and after run side by side', async () => {
    const { node, keyOf } = aSpace()
    const before = await node({ current: 'p1', keys: { p1, p2 } })
    const after = await node(second)
    const key = await keyOf(after)
    expect(await before.verify(key.secret)).toMatchObject({ ok: true })
    const other = await keyOf(before)
    expect(await after.verify(other.secret)).toMatchObject({ ok: true })
    await expect.poll(() => row(other.apiKey.start)).toMatchObject({ pepper: 'p2' })
    expect(await row(key.apiKey.start)).toMatchObject({ pepper: 'p2' })
    expect(await before.verify(other.secret)).toMatchObject({ ok: true })
  })

  it('hide no revocation: a key under another pepper is refused at once by every node', async () => {
    const { owner, node, keyOf } = aSpace()
    const before = await node({ current: 'p1', keys: { p1, p2 } })
    const after = await node(second)
    const keys = [await keyOf(before), await keyOf(after)]
    for (const { secret, apiKey } of keys) {
      for (const latchkey of [before, after]) must(await latchkey.verify(secret))
      const { receipt } = must(await before.keys.revoke(owner, ann, apiKey.id))
      expect(receipt.confirmed).toBe(receipt.nodes)
      for (const latchkey of [before, after]) {
        expect(await latchkey.verify(secret)).toMatchObject({ ok: false, reason: 'revoked' })
      }
    }
  })

  it('hide no key from whoever holds it: it can be ended with its own secret, whatever it is stored under', async () => {
    const { owner, node, keyOf } = aSpace()
    const old = await node({ current: 'p1', keys: { p1, p2 } })
    const [present, replaced] = [await keyOf(old), await keyOf(old)]
    must(await old.keys.rotate(owner, ann, replaced.apiKey.id, { gracePeriodSeconds: 600 }))
    const latchkey = await node(second)
    const held = must(await latchkey.holders.recognise(present.secret))
    const heldOld = must(await latchkey.holders.recognise(replaced.secret))
    // It has moved by the time that it is ended.
    await expect.poll(() => row(present.apiKey.start)).toMatchObject({ pepper: 'p2' })
    expect(must(await latchkey.holders.revoke(held))).toMatchObject({ ended: 'key' })
    expect(must(await latchkey.holders.revoke(heldOld))).toMatchObject({ ended: 'secret' })
    for (const one of [old, latchkey]) {
      expect(await one.verify(present.secret)).toMatchObject({ reason: 'revoked' })
      expect(await one.verify(replaced.secret)).toMatchObject({ reason: 'retired' })
    }
  })

  it('are kept for keys that were revoked and can be restored', async () => {
    const { owner, node, keyOf } = aSpace()
    const latchkey = await node(first)
    const { secret, apiKey } = await keyOf(latchkey)
    must(await latchkey.keys.revoke(owner, ann, apiKey.id))
    expect(await counts(latchkey)).toEqual({ none: [0, 0], p1: [1, 0] })
    await expect(node(only2)).rejects.toThrow('pepper "p1"')
    must(await latchkey.keys.restore(owner, ann, apiKey.id))
    expect(await (await node(second)).verify(secret)).toMatchObject({ ok: true })
  })

  it('replay a create and a rotation that are sent again', async () => {
    const { owner, node } = aSpace()
    const idempotencyKey = crypto.randomUUID()
    const ask = async (latchkey: Latchkey) =>
      must(await latchkey.keys.create(owner, ann, { name: 'k', idempotencyKey }))
    const old = await node(first)
    const { secret, apiKey } = await ask(old)
    const latchkey = await node(second)
    expect(await ask(latchkey)).toMatchObject({ secret, replayed: true })
    expect(await latchkey.verify(secret)).toMatchObject({ ok: true, key: { id: apiKey.id } })
  })

  it('refuse another pepper under the same name, and tell neither', async () => {
    const { node } = aSpace()
    await node(first)
    const error = await node({ current: 'p1', keys: { p1: p2 } }).catch((reason: Error) => reason)
    expect((error as Error).message).toMatch(/^peppers\.keys\.p1 is not the "p1"/)
    expect((error as Error).message).not.toContain(p2)
    // A pepper that was never used may come and go, and one of another key space is another one.
    await node(only2)
    await aSpace().node({ current: 'p1', keys: { p1: p2 } })
  })

  it('can be given up by hand: their keys stay, and get a new secret under the one there is', async () => {
    const { namespace, owner, node, keyOf } = aSpace()
    const { secret, apiKey } = await keyOf(await node(first))
    await expect(node(only2)).rejects.toThrow('pepper "p1"')
    await db.database.query(`delete from latchkey.peppers where namespace = $1 and name = 'p1'`, [namespace])
    const latchkey = await node(only2)
    expect(await latchkey.verify(secret)).toMatchObject({ reason: 'unknown' })
    const rotated = must(await latchkey.keys.rotate(owner, ann, apiKey.id))
    expect(await latchkey.verify(rotated.secret)).toMatchObject({ ok: true, key: { id: apiKey.id } })
  })

  it.each(Object.entries({ ...quickForeignKeys, ...slowForeignKeys }))(
    'take over an imported key that was kept as %s, before and after its first use',
    async (_, make) => {
      const { owner, node } = aSpace()
      const old = await node(first, { imports: allImports })
      const before = await make()
      const unused = await make()
      for (const { row: given } of [before, unused]) {
        const rows = [{ ...given, owner, name: 'A key' }]
        expect(await old.imports.run(ann, rows)).toMatchObject({ added: 1 })
        expect(await old.imports.run(ann, rows)).toMatchObject({ added: 0, known: 1 })
      }
      expect(await old.verify(before.text)).toMatchObject({ ok: true })

      const latchkey = await node(second, { imports: allImports })
      await latchkey.peppers!.apply()
      for (const { text } of [before, unused]) {
        expect(await latchkey.verify(text)).toMatchObject({ ok: true })
        expect(await latchkey.verify(`${text}x`)).toMatchObject({ ok: false })
      }
      await expect.poll(() => counts(latchkey)).toEqual({ none: [0, 0], p1: [0, 0], p2: [2, 0] })
      for (const { text } of [before, unused]) expect(await latchkey.verify(text)).toMatchObject({ ok: true })
    },
  )

  it('know a key again whose own hash is imported, whatever it is stored under', async () => {
    const imports = { formats: ['sha256'] as const }
    const { owner, node, keyOf } = aSpace()
    const made = [await keyOf(await node()), await keyOf(await node(first)), await keyOf(await node(second))]
    const latchkey = await node(second, { imports })
    const rows = made.map(({ secret }) => ({
      owner,
      name: 'k',
      format: 'sha256' as const,
      hash: plain(secret),
    }))
    expect(await latchkey.imports.run(ann, rows)).toMatchObject({ added: 0, known: 3 })
    const other = await aSpace().node(first, { imports })
    expect(await other.imports.run(ann, [rows[0]!])).toMatchObject({ failed: 1 })
  })

  it('are not held up by a secret that is two keys by hand', async () => {
    const { node, keyOf } = aSpace()
    const before = await node()
    const [twin, other] = [await keyOf(before), await keyOf(before)]
    const latchkey = await node(first)
    const copy = await keyOf(latchkey)
    await db.database.query(`update latchkey.keys set hash = decode($2, 'hex') where start = $1`, [
      copy.apiKey.start,
      peppered(twin.secret, p1),
    ])
    expect(await latchkey.peppers!.apply()).toEqual({ applied: 1 })
    expect(await row(other.apiKey.start)).toMatchObject({ pepper: 'p1' })
    expect(await row(twin.apiKey.start)).toMatchObject({ pepper: null })
  })

  it('leave what tells how a text begins when somebody guesses the rest', async () => {
    const { owner, node, keyOf } = aSpace()
    const before = await node(undefined, { imports: allImports })
    const own = await keyOf(before)
    const { text, row: given } = await slowForeignKeys['bcrypt']!()
    await before.imports.run(ann, [{ ...given, owner, name: 'A key' }])
    const latchkey = await node(first, { imports: allImports })
    expect(await latchkey.verify(`${text}x`)).toMatchObject({ reason: 'unknown' })
    // What is stored anew is so in the order in which it was asked for.
    expect(await latchkey.verify(own.secret)).toMatchObject({ ok: true })
    await expect.poll(() => counts(latchkey)).toEqual({ none: [1, 0], p1: [1, 0] })
    expect(await latchkey.verify(text)).toMatchObject({ ok: true })
  })

  it('put keys under them that were imported without, but not what only tells how a text begins', async () => {
    const { owner, node } = aSpace()
    const before = await node(undefined, { imports: allImports })
    const quick = quickForeignKeys['sha512 in hex']!()
    const slow = await slowForeignKeys['bcrypt']!()
    for (const { row: given } of [quick, slow]) {
      await before.imports.run(ann, [{ ...given, owner, name: 'A key' }])
    }
    const latchkey = await node(first, { imports: allImports })
    expect(await latchkey.peppers!.apply()).toEqual({ applied: 1 })
    expect(await counts(latchkey)).toEqual({ none: [1, 0], p1: [1, 0] })
    for (const { text } of [quick, slow]) expect(await latchkey.verify(text)).toMatchObject({ ok: true })
    expect(await counts(latchkey)).toEqual({ none: [0, 0], p1: [2, 0] })
  })

  it('leave the old secret of an imported key its grace, when the new one moves to another pepper', async () => {
    const { owner, node } = aSpace()
    const old = await node(first, { imports: allImports })
    const { text, row: given } = await slowForeignKeys['bcrypt']!()
    await old.imports.run(ann, [{ ...given, owner, name: 'A key' }])
    const [apiKey] = must(await old.keys.list(owner)).data
    const { secret } = must(await old.keys.rotate(owner, ann, apiKey!.id, { gracePeriodSeconds: 600 }))

    const latchkey = await node(second, { imports: allImports })
    expect(await latchkey.verify(secret)).toMatchObject({ ok: true })
    await expect.poll(() => counts(latchkey)).toMatchObject({ p1: [0, 0], p2: [1, 0] })
    expect(await latchkey.verify(text)).toMatchObject({ ok: true })
  })

  it('are noted by nobody who migrates nothing, and asked for by nobody who has none', async () => {
    const { namespace } = aSpace()
    const latchkey = await createLatchkey({ database: db.database, namespace, migrate: false })
    await latchkey.close()
    const rows = await db.database.query(`select from latchkey.peppers where namespace = $1`, [namespace])
    expect(rows).toEqual([])
  })
})
