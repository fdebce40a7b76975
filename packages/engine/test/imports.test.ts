import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hash, randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { createLatchkey, type ImportFailure, type ImportRow, type Latchkey } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { allImports, quickForeignKeys, randomText, slowForeignKeys, type ForeignKey } from './foreign-keys.ts'
import { advisoryLockKey } from '../src/postgres/advisory-lock.ts'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const now = Date.parse('2026-06-01T12:00:00.123Z')
const [aKey] = Object.values(quickForeignKeys) as [() => ForeignKey]

function aRow(differences: Partial<ImportRow> = {}): ImportRow {
  return { ...aKey().row, owner: anOwner(), name: 'A key', ...differences }
}

async function runAll(latchkey: Latchkey, rows: Iterable<unknown>) {
  const failures: ImportFailure[] = []
  const counts = await latchkey.imports.run(ann, rows as Iterable<ImportRow>, {
    onFailure: (failure) => void failures.push(failure),
  })
  return { counts, failures }
}

describe.each(testDatabases)('an import on $name', ({ create }) => {
  const db = useDatabase(create)
  let latchkey: Latchkey

  beforeAll(async () => {
    latchkey = await db.latchkey({ imports: allImports, now: () => now })
  })

  it.each(Object.entries({ ...quickForeignKeys, ...slowForeignKeys }))(
    'makes a key kept as %s good, and finds it like any other from the second time on',
    async (_, make) => {
      const { text, row } = await make()
      const owner = anOwner()
      expect(
        (await runAll(latchkey, [{ ...row, owner, name: 'Old', scopes: ['contacts:read'] }])).counts.added,
      ).toBe(1)
      expect(await latchkey.verify(text, { scopes: ['contacts:read'] })).toMatchObject({
        ok: true,
        key: { owner },
      })
      expect(await latchkey.verify(text, { scopes: ['contacts:write'] })).toMatchObject({
        reason: 'insufficient_scope',
      })
      expect(await hashesOf(owner)).toEqual([{ hash: hash('sha256', text, 'hex'), slow_hash: null }])
      const otherNode = await db.latchkey({ imports: { formats: ['sha256'] } })
      expect(await otherNode.verify(text)).toMatchObject({ ok: true, key: { owner } })
    },
  )

  it('keeps everything that a row says', async () => {
    const owner = anOwner()
    const wanted = {
      name: 'Café',
      start: 'sk_12',
      environment: 'test',
      scopes: ['contacts:write'],
      expiresAt: new Date(now - 1_000),
      rateLimits: [{ name: 'burst', limit: 5, windowSeconds: 1 }],
      createdAt: new Date('2024-02-29T00:00:00Z'),
    } as const
    const row = aRow({ ...wanted, owner, disabled: true, metadata: { plan: 'a' }, externalId: '7' })
    expect(await runAll(latchkey, [row])).toEqual({
      counts: { done: 1, added: 1, known: 0, failed: 0 },
      failures: [],
    })
    const { data } = must(await latchkey.keys.list(owner))
    expect(data).toEqual([
      {
        ...wanted,
        notBefore: null,
        version: 1,
        rotatedAt: null,
        rotateEveryDays: null,
        retiringSecret: null,
        quota: null,
        id: expect.stringMatching(/^key_/) as string,
        namespace: 'default',
        owner,
        metadata: { plan: 'a', externalId: '7' },
        createdBy: ann,
        updatedAt: wanted.createdAt,
        disabledAt: new Date(now),
        kind: 'secret',
        allowedIps: [],
        allowedOrigins: [],
        blockBrowsers: false,
        revokedAt: null,
        revocation: null,
        lastUsedAt: null,
        lastUsedAddress: null,
      },
    ])
  })

  it('tells every bad row with its place and field, and imports the rest', async () => {
    const bad: [field: string, row: unknown][] = [
      ['row', null],
      ['row', 'text'],
      ['owner', { ...aRow(), owner: '' }],
      ['owner', { ...aRow(), owner: 7 }],
      ['name', { ...aRow(), name: '' }],
      ['name', { ...aRow(), name: 'x'.repeat(65) }],
      ['name', { ...aRow(), name: undefined }],
      ['format', { ...aRow(), format: 'md5' }],
      ['format', { ...aRow(), format: undefined }],
      ['hash', { ...aRow(), hash: 'abc' }],
      ['hash', { ...aRow(), hash: undefined }],
      ['hash', { ...aRow(), hash: 'g'.repeat(64) }],
      ['hash', { ...aRow(), hash: `${'A'.repeat(42)}B` }],
      ['hash', { ...aRow(), format: 'sha512' }],
      ['hash', { ...aRow(), format: 'bcrypt', start: 'x'.repeat(12), hash: `$2b$17$${'a'.repeat(53)}` }],
      [
        'hash',
        {
          ...aRow(),
          format: 'argon2',
          start: 'x'.repeat(12),
          hash: '$argon2id$v=19$m=9999999,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA',
        },
      ],
      ['hash', { ...aRow(), format: 'drf-api-key', start: 'prefix', hash: 'md5$salt$0123' }],
      ['hmacKey', { ...aRow(), format: 'hmac-sha256' }],
      ['hmacKey', { ...aRow(), format: 'hmac-sha256', hmacKey: 'unheard-of' }],
      ['hmacKey', { ...aRow(), hmacKey: 7 }],
      ['start', { ...aRow(), start: 'with space' }],
      ['start', { ...aRow(), start: 'x'.repeat(41) }],
      ['start', { ...aRow(), format: 'sanctum', start: undefined }],
      ['start', { ...aRow(), format: 'sanctum', start: '1|2' }],
      ['start', { ...aRow(), format: 'prefixed-api-key', start: '' }],
      ['start', { ...(await slowForeignKeys['bcrypt']!()).row, owner: 'o', name: 'n', start: 'short' }],
      ['environment', { ...aRow(), environment: 'staging' }],
      ['scopes', { ...aRow(), scopes: ['undeclared'] }],
      ['expiresAt', { ...aRow(), expiresAt: '2030-01-01' }],
      ['expiresAt', { ...aRow(), expiresAt: new Date(Number.NaN) }],
      ['expiresAt', { ...aRow(), expiresAt: new Date('+010000-01-01T00:00:00Z') }],
      ['metadata', { ...aRow(), metadata: 'text' }],
      ['metadata', { ...aRow(), metadata: { text: 'x'.repeat(5_000) } }],
      ['rateLimits', { ...aRow(), rateLimits: [{}] }],
      ['createdAt', { ...aRow(), createdAt: now }],
      ['createdAt', { ...aRow(), createdAt: new Date('1969-12-31') }],
      ['disabled', { ...aRow(), disabled: 'yes' }],
      ['externalId', { ...aRow(), externalId: 7 }],
      ['externalId', { ...aRow(), externalId: 'a', metadata: { externalId: 'b' } }],
      ['expires_at', { ...aRow(), expires_at: new Date(now + 1_000) }],
    ]
    const rows = bad.flatMap(([, row]) => [row, aRow()])
    const { counts, failures } = await runAll(latchkey, rows)
    expect(failures.map(({ row, field }) => [row, field])).toEqual(
      bad.map(([field], at) => [2 * at + 1, field]),
    )
    expect(counts).toEqual({ done: rows.length, added: bad.length, known: 0, failed: bad.length })
    // What is told goes to logs.
    const secrets = bad.map(([, row]) => (row as Partial<ImportRow> | null)?.hash ?? '-')
    for (const { message } of failures) {
      expect(message.length).toBeGreaterThan(5)
      expect(secrets.some((secret) => secret.length > 5 && message.includes(secret))).toBe(false)
    }
  })

  it('tells how far it is even where nothing can be imported', async () => {
    const told: number[] = []
    const rows = Array.from({ length: 1_200 }, () => aRow({ owner: '' }))
    await latchkey.imports.run(ann, rows, { onProgress: ({ done }) => void told.push(done) })
    expect(told).toEqual([500, 1_000, 1_200])
  })

  it('counts a row that is there twice as known, whether side by side or far apart', async () => {
    const row = aRow()
    const others = Array.from({ length: 1_200 }, () => aRow({ owner: row.owner }))
    const { counts } = await runAll(latchkey, [row, row, ...others, row])
    expect(counts).toEqual({ done: 1_203, added: 1_201, known: 2, failed: 0 })
  })

  it('refuses two keys with salted hashes that begin alike, and no third row', async () => {
    const [one, other] = [await slowForeignKeys['bcrypt']!(), await slowForeignKeys['argon2']!()]
    const row = { ...one.row, owner: anOwner(), name: 'One' }
    const alike = { ...row, ...other.row, start: row.start, name: 'Other' }
    for (const known of [0, 1]) {
      const { counts, failures } = await runAll(latchkey, [row, alike, aRow()])
      expect(counts).toEqual({ done: 3, added: 2 - known, known, failed: 1 })
      expect(failures).toMatchObject([{ row: 2, field: 'start' }])
    }
  })

  it('stops at an owner with as many keys as it may have', async () => {
    const narrow = await db.latchkey({ imports: allImports, maxKeysPerOwner: 5 })
    const owner = anOwner()
    must(await narrow.keys.create(owner, ann, { name: 'Its own' }))
    const rows = Array.from({ length: 8 }, () => aRow({ owner }))
    const { counts, failures } = await runAll(narrow, [...rows, aRow()])
    expect(counts).toEqual({ done: 9, added: 5, known: 0, failed: 4 })
    expect(failures.map(({ row, field }) => [row, field])).toEqual([5, 6, 7, 8].map((row) => [row, 'owner']))
    expect(await narrow.keys.create(owner, ann, { name: 'One more' })).toMatchObject({
      reason: 'too_many_keys',
    })
    expect((await runAll(narrow, rows)).counts).toEqual({ done: 8, added: 0, known: 4, failed: 4 })
  })

  it('knows a secret that is a key already, and refuses one of another namespace', async () => {
    const owner = anOwner()
    const { secret } = must(await latchkey.keys.create(owner, ann, { name: 'Its own' }))
    const row = aRow({ owner, hash: hash('sha256', secret, 'hex') })
    expect((await runAll(latchkey, [row])).counts).toMatchObject({ known: 1 })
    const elsewhere = await db.latchkey({ imports: allImports, namespace: 'elsewhere' })
    expect(await runAll(elsewhere, [row])).toMatchObject({
      counts: { failed: 1 },
      failures: [{ field: 'hash' }],
    })
  })

  it('never brings back a secret that was replaced', async () => {
    for (const make of [quickForeignKeys['sha256 in hex']!, quickForeignKeys['sanctum']!]) {
      const { text, row } = make()
      const wanted = aRow(row)
      await runAll(latchkey, [wanted])
      const replace = 'update latchkey.keys set hash = $1 where id = $2::text::uuid'
      const [key] = await db.database.query<{ id: string }>(
        `select keys.id::text from latchkey.keys join latchkey.owners on owners.id = owner_id where owner = $1`,
        [wanted.owner],
      )
      await db.database.query(replace, [randomBytes(32), key!.id])
      expect((await runAll(latchkey, [wanted])).counts).toMatchObject({ added: 0, known: 1 })
      expect(await latchkey.verify(text)).toMatchObject({ reason: 'unknown' })
    }
  })

  it('adds nothing twice when two imports go at once, even if they disagree about the owners', async () => {
    const others = await db.latchkey({ imports: allImports })
    const rows = Array.from({ length: 2_000 }, (_, at) => aRow({ owner: `one_${at % 50}` }))
    const same = rows.map((row, at) => ({ ...row, owner: `other_${at % 50}` }))
    const [one, other] = await Promise.all([runAll(latchkey, rows), runAll(others, same)])
    expect(one.counts.added + other.counts.added).toBe(2_000)
    expect(one.counts.known + other.counts.known).toBe(2_000)
    expect(one.counts.failed + other.counts.failed).toBe(0)
  })

  it('waits for whoever is giving the owner keys, and counts those', async () => {
    const narrow = await db.latchkey({ imports: allImports, maxKeysPerOwner: 5 })
    const owner = anOwner()
    for (let i = 0; i < 3; i++) {
      const { apiKey } = must(await narrow.keys.create(owner, ann, { name: 'Its own' }))
      must(await narrow.keys.revoke(owner, ann, apiKey.id))
    }
    const rows = Array.from({ length: 5 }, () => aRow({ owner }))
    let run!: ReturnType<typeof runAll>
    // As creates do: under the lock of the owner, until they commit.
    await db.database.drizzle.transaction(async (transaction) => {
      await transaction.execute(
        sql`select pg_advisory_xact_lock(${advisoryLockKey('owner', 'default', owner)}::bigint)`,
      )
      await transaction.execute(sql`update latchkey.keys set revoked_at = null
        where owner_id = (select id from latchkey.owners where owner = ${owner})`)
      run = runAll(narrow, rows)
      await setTimeout(200)
    })
    expect((await run).counts).toEqual({ done: 5, added: 2, known: 0, failed: 3 })
  })

  it('rejects with what the rows reject with, and keeps what was imported until then', async () => {
    const owner = anOwner()
    function* breakOff() {
      for (let i = 0; i < 501; i++) yield aRow({ owner })
      throw new Error('the export ended')
    }
    await expect(runAll(latchkey, breakOff())).rejects.toThrow('the export ended')
    expect(must(await latchkey.keys.list(owner, { limit: 100 })).data).toHaveLength(100)
  })

  it('imports nothing without the option', async () => {
    const plain = await db.latchkey()
    await expect(runAll(plain, [aRow()])).rejects.toThrow('option imports')
  })

  async function hashesOf(owner: string) {
    return db.database.query(
      `select encode(hash, 'hex') as hash, slow_hash from latchkey.keys join latchkey.owners on owners.id = owner_id
        join latchkey.imports on imports.key_id = keys.id where owner = $1`,
      [owner],
    )
  }
})

const servers = testDatabases.filter(({ name }) => name !== 'PGlite in memory')

describe.each(servers)('an import that is killed on $name', ({ create }) => {
  it('leaves whole batches, and is completed by running it again', async () => {
    const made = await create()
    const seed = randomText(16)
    const script = new URL('import-for-ever.ts', import.meta.url).pathname
    const args = ['--conditions=@latchkey/source', script, made.target, seed]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('1500')) child.kill('SIGKILL')
    })
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])

    const latchkey = await createLatchkey({ database: made.target, imports: allImports })
    const total = 5_000
    const rows = Array.from({ length: total }, (_, at) => ({
      owner: 'owner',
      name: 'A key',
      format: 'sha256' as const,
      hash: hash('sha256', `${seed}_${at}`, 'hex'),
    }))
    const { counts } = await runAll(latchkey, rows)
    expect(counts.known).toBeGreaterThanOrEqual(1_500)
    expect(counts.known % 500).toBe(0)
    expect(counts.known + counts.added).toBe(total)
    for (const at of [0, 1_499, 1_500, total - 1]) {
      expect(await latchkey.verify(`${seed}_${at}`)).toMatchObject({ ok: true })
    }
    await latchkey.close()
    await made.remove()
  }, 60_000)
})
