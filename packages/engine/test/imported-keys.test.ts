import { hash, randomBytes } from 'node:crypto'
import { generateSecret, type ImportFormat, type Latchkey, type Verdict } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { createImportedKeys } from '../src/imported-keys.ts'
import { resolveFormats } from '../src/import-options.ts'
import { keyIdToUuid } from '../src/key-id.ts'
import { createImportStore } from '../src/postgres/import-store.ts'
import { createPostgresStore } from '../src/postgres/store.ts'
import { createScopeCatalog } from '../src/scopes.ts'
import { hashBytes, hashSecret } from '../src/secret.ts'
import { facts } from './a-key.ts'
import { allImports, quickForeignKeys, slowForeignKeys, type ForeignKey } from './foreign-keys.ts'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const servers = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')
const everyFormat = Object.entries({ ...quickForeignKeys, ...slowForeignKeys })

async function importKey(latchkey: Latchkey, row: ForeignKey['row'], owner = anOwner()): Promise<string> {
  const counts = await latchkey.imports.run(ann, [{ ...row, owner, name: 'A key' }])
  expect(counts).toMatchObject({ added: 1 })
  const { data } = must(await latchkey.keys.list(owner))
  return data[0]!.id
}

function outcome(verdict: Verdict): string {
  return verdict.ok ? 'ok' : verdict.reason
}

describe.each(servers)('an imported key on $name', ({ create }) => {
  const db = useDatabase(create)
  let latchkey: Latchkey

  beforeAll(async () => {
    latchkey = await db.latchkey({ imports: allImports })
  })

  it.each(everyFormat)('kept as %s opens nothing to any other text', async (_, make) => {
    const { text, row } = await make()
    await importKey(latchkey, row)
    const characters = fc.constantFrom(...'0123456789abcXYZ_|.-$')
    const place = fc.integer({ min: 0, max: text.length - 1 })
    const changed = fc
      .tuple(place, characters)
      .map(([at, character]) => text.slice(0, at) + character + text.slice(at + 1))
    const others = fc.oneof(
      { weight: 3, arbitrary: changed },
      fc.constantFrom(
        ` ${text}`,
        `${text} `,
        `${text}x`,
        `x${text}`,
        `1|${text}`,
        `${text}_`,
        `a.${text}`,
        `a_${text}`,
      ),
      fc.constantFrom(
        row.hash,
        row.hash.split('$').at(-1)!,
        `${row.start}_${row.hash}`,
        `${row.start}|${row.hash}`,
      ),
      place.map((at) => text.slice(at + 1)),
      place.map((at) => text.slice(0, at)),
    )
    await fc.assert(
      fc.asyncProperty(others, async (other) => {
        fc.pre(other !== text)
        expect((await latchkey.verify(other)).ok).toBe(false)
      }),
      { numRuns: 60 },
    )
    expect(await latchkey.verify(text)).toMatchObject({ ok: true })
    await fc.assert(
      fc.asyncProperty(others, async (other) => {
        fc.pre(other !== text)
        expect((await latchkey.verify(other)).ok).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  it('is not found by its secret behind another start, or behind none', async () => {
    const sanctum = quickForeignKeys['sanctum']!()
    const seam = quickForeignKeys['prefixed-api-key']!()
    await importKey(latchkey, sanctum.row)
    await importKey(latchkey, seam.row)
    const sanctumSecret = sanctum.text.split('|')[1]!
    const seamSecret = seam.text.split('_').at(-1)!
    for (const text of [
      sanctumSecret,
      `${sanctum.row.start}0|${sanctumSecret}`,
      `x_${sanctumSecret}`,
      `0${sanctum.text}`,
    ]) {
      expect(outcome(await latchkey.verify(text))).toMatch(/unknown|malformed/)
    }
    for (const text of [
      seamSecret,
      `acme_${seamSecret}`,
      `other_corp_12345678_${seamSecret}`,
      `1|${seamSecret}`,
    ]) {
      expect(outcome(await latchkey.verify(text))).toMatch(/unknown|malformed/)
    }
    expect((await latchkey.verify(sanctum.text)).ok).toBe(true)
    expect((await latchkey.verify(seam.text)).ok).toBe(true)
  })

  it('is not found by a hash of one kind that was given as another', async () => {
    const text = `sk_${randomBytes(24).toString('hex')}`
    const digest = (algorithm: string) => hash(algorithm, text, 'hex')
    const wrong: ForeignKey['row'][] = [
      { format: 'hmac-sha256', hmacKey: 'old', hash: digest('sha256') },
      { format: 'hmac-sha512', hmacKey: 'old', hash: digest('sha512') },
      { format: 'sanctum', start: 'sk', hash: digest('sha256') },
      { format: 'prefixed-api-key', start: 'sk', hash: digest('sha256') },
      { format: 'sha256', hash: hash('sha512', text, 'buffer').subarray(0, 32).toString('hex') },
    ]
    for (const row of wrong) await importKey(latchkey, row)
    expect(await latchkey.verify(text)).toMatchObject({ reason: 'unknown' })
  })

  it('is of no use to who has its foreign hash, and what is made of it', async () => {
    const { text, row } = quickForeignKeys['sha512 in hex']!()
    const id = await importKey(latchkey, row)
    const [stored] = await db.database.query<{ hash: string }>(
      `select encode(hash, 'hex') as hash from latchkey.keys where id = $1::text::uuid`,
      [keyIdToUuid(id)],
    )
    const preimage = `latchkey import\0sha512\0\0${Buffer.from(row.hash, 'hex').toString('latin1')}`
    for (const text of [row.hash, stored!.hash, preimage]) {
      expect((await latchkey.verify(text)).ok).toBe(false)
    }
    expect(await latchkey.verify(text)).toMatchObject({ ok: true, key: { id } })
  })

  it.each(['sha512 in hex', 'bcrypt'])(
    'kept as %s that was revoked before its first use stays revoked',
    async (format) => {
      const { text, row } = await { ...quickForeignKeys, ...slowForeignKeys }[format]!()
      const owner = anOwner()
      const id = await importKey(latchkey, row, owner)
      must(await latchkey.keys.revoke(owner, ann, id))
      for (let i = 0; i < 3; i++) expect(await latchkey.verify(text)).toMatchObject({ reason: 'revoked' })
    },
  )

  it.each(['sanctum', 'drf-api-key with PBKDF2'])(
    'kept as %s that is revoked during its first use is refused from then on, on every node',
    async (format) => {
      const otherNode = await db.latchkey({ imports: allImports })
      for (let round = 0; round < 25; round++) {
        const { text, row } = await { ...quickForeignKeys, ...slowForeignKeys }[format]!()
        const owner = anOwner()
        const id = await importKey(latchkey, row, owner)
        const uses = [latchkey.verify(text), otherNode.verify(text), latchkey.verify(text)]
        if (round % 5 > 0) await new Promise((resolve) => setTimeout(resolve, round % 5))
        await Promise.all([latchkey.keys.revoke(owner, ann, id).then(must), ...uses])
        expect(await latchkey.verify(text)).toMatchObject({ reason: 'revoked' })
        const isRefused = async () =>
          expect(await otherNode.verify(text)).toMatchObject({ reason: 'revoked' })
        // At once, unless the machine is so busy that nobody heard of it within a second.
        await vi.waitFor(isRefused, { timeout: 5_000 })
        await isRefused()
        expect(await latchkey.keys.get(owner, id)).toMatchObject({ revokedAt: expect.any(Date) as Date })
      }
    },
  )

  it('whose secret is replaced during its first use is not found by the old one, and keeps the new one', async () => {
    const { text, row } = await slowForeignKeys['bcrypt']!()
    const id = await importKey(latchkey, row)
    const secret = generateSecret({ prefix: 'lk', environment: 'live' })
    const keys = createPostgresStore(db.database, 'default', createScopeCatalog({}, {}))
    const imported = createImportedKeys({
      formats: resolveFormats(allImports),
      store: createImportStore(db.database, 'default'),
      async checkSlowly() {
        await db.database.query('update latchkey.keys set hash = $1 where start = $2', [
          hashBytes(hashSecret(secret)),
          row.start!,
        ])
        return true
      },
    })
    const sought = { text, hash: hashSecret(text), candidates: imported.candidatesOf(text)! }
    const lookUp = (hash: string) => keys.findByHash(hash)
    expect(await imported.find(sought, { lookUp, isSuspect: false })).toBeNull()
    expect(await latchkey.verify(secret)).toMatchObject({ ok: true, key: { id } })
    expect(await latchkey.verify(text)).toMatchObject({ reason: 'unknown' })
    const [kept] = await db.database.query('select from latchkey.imports where slow_hash is not null', [])
    expect(kept).toBeUndefined()
  })

  it.each(['sha512 in hex', 'argon2'])(
    'kept as %s and rotated before its first use works until its grace ends',
    async (format) => {
      const { text, row } = await { ...quickForeignKeys, ...slowForeignKeys }[format]!()
      const owner = anOwner()
      const id = await importKey(latchkey, row, owner)
      const { secret } = must(await latchkey.keys.rotate(owner, ann, id, { gracePeriodSeconds: 600 }))
      for (const one of [text, text, secret]) {
        expect(await latchkey.verify(one)).toMatchObject({ ok: true, key: { id } })
      }
      must(await latchkey.keys.retire(owner, ann, id, 0))
      expect(outcome(await latchkey.verify(text))).toBe('retired')
      expect(outcome(await latchkey.verify(secret))).toBe('ok')
    },
  )

  it.each(['sha512 in hex', 'argon2', 'drf-api-key with PBKDF2'])(
    'kept as %s is nowhere in the database once it was used: neither its text nor its foreign hash',
    async (format) => {
      const { text, row } = await { ...quickForeignKeys, ...slowForeignKeys }[format]!()
      await importKey(latchkey, row)
      const slowHash = row.hash.includes('$')
      expect(await everythingStored()).toContain(slowHash ? row.hash : 'default')
      expect(await latchkey.verify(text)).toMatchObject({ ok: true })
      const stored = await everythingStored()
      expect(stored).toContain(hash('sha256', text, 'hex'))
      for (const secret of [text, Buffer.from(text).toString('hex'), row.hash, row.hash.split('$').at(-1)!]) {
        expect(stored).not.toContain(secret)
      }
    },
  )

  async function everythingStored(): Promise<string> {
    const [row] = await db.database.query<{ everything: string }>(
      `select concat(
        (select string_agg(keys::text, ' ') from latchkey.keys),
        (select string_agg(imports::text, ' ') from latchkey.imports),
        (select string_agg(changes::text, ' ') from latchkey.changes)
      ) as everything`,
      [],
    )
    return row!.everything
  }

  it('is found though it looks like one of Latchkey', async () => {
    const text = generateSecret({ prefix: 'lk', environment: 'live' })
    const id = await importKey(latchkey, { format: 'sha512', hash: hash('sha512', text, 'hex') })
    expect(await latchkey.verify(text)).toMatchObject({ ok: true, key: { id } })
  })

  it('is found by a node that did not know it a moment ago, after five seconds at most', async () => {
    const clock = { now: Date.now() }
    const node = await db.latchkey({ imports: allImports, now: () => clock.now })
    const { text, row } = quickForeignKeys['hmac-sha512']!()
    expect(await node.verify(text)).toMatchObject({ reason: 'unknown' })
    await importKey(latchkey, row)
    clock.now += 5_000
    expect(await node.verify(text)).toMatchObject({ ok: true })
  })

  it('counts as a wrong secret when its slow hash does not fit', async () => {
    const node = await db.latchkey({ imports: allImports, now: () => 1_800_000_000_000 })
    const { text, row } = await slowForeignKeys['argon2']!()
    await importKey(latchkey, row)
    const caller = { ip: '192.0.2.7' }
    for (let at = 0; at < 100; at++) {
      const guess = `${text.slice(0, -3)}${100 + at}`
      expect(await node.verify(guess, {}, caller)).toMatchObject({ reason: 'unknown' })
    }
    expect(await node.verify(`${text.slice(0, -3)}zzz`, {}, caller)).toMatchObject({
      reason: 'too_many_attempts',
    })
    expect(await node.verify(text, {}, caller)).toMatchObject({ ok: true })
  })
})

describe('a text that is no key of Latchkey', () => {
  const db = useDatabase(servers[0]!.create)
  const foreign = Object.values(quickForeignKeys).map((make) => make().text)

  it('is refused with no I/O where no imports are accepted', async () => {
    const plain = await db.latchkey()
    for (const text of foreign) {
      expect(plain.verify(text)).toEqual({ ok: false, reason: 'malformed', key: null })
    }
    const secret = generateSecret({ prefix: 'lk', environment: 'live' })
    const wrong = secret.slice(0, -1) + (secret.endsWith('x') ? 'y' : 'x')
    expect(plain.verify(wrong)).toMatchObject({ reason: 'malformed' })
  })

  it('is refused with no I/O where no accepted format can have it', async () => {
    const node = await db.latchkey({ imports: { formats: ['sanctum'] } })
    for (const text of [
      'short',
      'x'.repeat(513),
      'a text without a separator',
      'without-a-separator',
      '|x'.repeat(9),
    ]) {
      expect(node.verify(text)).toEqual({ ok: false, reason: 'malformed', key: null })
    }
    const any = await db.latchkey({ imports: { formats: ['sha256'] } })
    for (const text of [
      'x'.repeat(15),
      'x'.repeat(513),
      'a text with spaces',
      `é${'x'.repeat(20)}`,
      '\0'.repeat(20),
    ]) {
      expect(any.verify(text)).toEqual({ ok: false, reason: 'malformed', key: null })
    }
    expect(await any.verify('x'.repeat(16))).toEqual({ ok: false, reason: 'unknown', key: null })
  })

  it('is no reason to look for more than the hash of one that is', async () => {
    const node = await db.latchkey({ imports: allImports })
    const { secret } = must(await node.keys.create(anOwner(), ann, { name: 'Its own' }))
    const query = vi.spyOn(db.database, 'query')
    const looks = () => query.mock.calls.filter(([statement]) => statement.includes('from latchkey.keys'))
    expect(await node.verify(secret)).toMatchObject({ ok: true })
    expect(looks().map(([, parameters]) => parameters[1])).toEqual([hashBytes(hashSecret(secret))])
    query.mockRestore()
  })

  it('costs one statement, however many formats are accepted, and none while it is remembered', async () => {
    const node = await db.latchkey({ imports: allImports })
    const query = vi.spyOn(db.database, 'query')
    const looks = () => query.mock.calls.filter(([statement]) => statement.includes('from latchkey.keys'))
    expect(await node.verify(`1|${'x'.repeat(20)}_a.b`)).toMatchObject({ reason: 'unknown' })
    expect(looks()).toHaveLength(1)
    expect(node.verify(`1|${'x'.repeat(20)}_a.b`)).toMatchObject({ reason: 'unknown' })
    query.mockRestore()
  })
})

describe('finding an imported key', () => {
  const { text } = quickForeignKeys['sha512 in hex']!()

  it('does not answer when the key cannot be given the hash of its text', async () => {
    const imported = createImportedKeys({
      formats: resolveFormats(allImports),
      store: { findSlowHash: async () => null, rehash: () => Promise.reject(new Error('away')) },
      checkSlowly: async () => true,
    })
    const candidates = imported.candidatesOf(text)!
    const lookUp = async (hash: string) =>
      candidates.some((one) => one.hash === hash && !one.isSlow) ? facts() : null
    const found = imported.find({ text, hash: hashSecret(text), candidates }, { lookUp, isSuspect: false })
    await expect(found).rejects.toThrow('away')
  })
})

describe('the option imports', () => {
  it.each([
    ['formats', { formats: [] }],
    ['formats', { formats: ['md5' as ImportFormat] }],
    ['hmacKeys', { formats: ['hmac-sha256' as const] }],
    ['hmacKeys', { formats: ['sha256' as const], hmacKeys: { 'Not a name': 'x' } }],
    ['hmacKeys', { formats: ['sha256' as const], hmacKeys: { empty: '' } }],
    ['startLength', { formats: ['bcrypt' as const] }],
    ['startLength', { formats: ['argon2' as const], startLength: 3 }],
  ])('refuses what cannot work: %s', (name, imports) => {
    expect(() => resolveFormats(imports)).toThrow(`imports.${name}`)
  })
})
