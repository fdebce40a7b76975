import { apiKey } from '@better-auth/api-key'
import { testDatabases } from '@latchkey/testing'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { generateAPIKey } from 'prefixed-api-key'
import { describe, expect, it } from 'vitest'
import type { ImportRow } from '@latchkey/engine'
import { ann, anOwner, useDatabase } from './set-up.ts'

/** What the plugin keeps of a key, as far as an export reads it. */
interface BetterAuthRow {
  id: string
  key: string
  name: string | null
  start: string | null
  referenceId: string
  enabled: boolean
  createdAt: Date
  expiresAt: Date | null
}

describe('keys that were made by the package itself', () => {
  const db = useDatabase(testDatabases[0]!.create)

  it('better-auth: are imported from its table as they are', async () => {
    const tables = { user: [], session: [], account: [], verification: [], apikey: [] as BetterAuthRow[] }
    const auth = betterAuth({
      database: memoryAdapter(tables),
      baseURL: 'http://localhost:3000',
      secret: 'a secret of the test, long enough for the check',
      emailAndPassword: { enabled: true },
      logger: { disabled: true },
      telemetry: { enabled: false },
      plugins: [apiKey({ defaultPrefix: 'acme_' })],
    })
    const { user } = await auth.api.signUpEmail({
      body: { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' },
    })
    const made: string[] = []
    for (const name of ['One', 'Two']) {
      made.push((await auth.api.createApiKey({ body: { name, userId: user.id } })).key)
    }
    await auth.api.createApiKey({ body: { name: 'Passing', userId: user.id, expiresIn: 86_400 } })

    const latchkey = await db.latchkey({ imports: { formats: ['better-auth'] } })
    const rows = tables.apikey.map((key): ImportRow => ({
      owner: key.referenceId,
      name: key.name ?? 'Unnamed',
      format: 'better-auth',
      hash: key.key,
      start: key.start ?? '',
      createdAt: key.createdAt,
      expiresAt: key.expiresAt,
      disabled: !key.enabled,
      externalId: key.id,
    }))
    expect(await latchkey.imports.run(ann, rows)).toEqual({ done: 3, added: 3, known: 0, failed: 0 })
    for (const text of made) {
      expect((await auth.api.verifyApiKey({ body: { key: text } })).valid).toBe(true)
      expect(await latchkey.verify(text)).toMatchObject({ ok: true, key: { owner: user.id } })
      expect((await latchkey.verify(`${text}x`)).ok).toBe(false)
    }
  })

  it('prefixed-api-key: are imported by the hash of their long token', async () => {
    const latchkey = await db.latchkey({ imports: { formats: ['prefixed-api-key'] } })
    for (const keyPrefix of ['mycompany', 'my_company']) {
      const made = await generateAPIKey({ keyPrefix })
      const { token, shortToken, longTokenHash } = made as Record<keyof typeof made, string>
      const owner = anOwner()
      const row = {
        owner,
        name: 'A key',
        format: 'prefixed-api-key',
        start: `${keyPrefix}_${shortToken}`,
        hash: longTokenHash,
      } as const
      expect(await latchkey.imports.run(ann, [row])).toMatchObject({ added: 1 })
      expect(await latchkey.verify(token)).toMatchObject({ ok: true, key: { owner } })
      expect(await latchkey.verify(token)).toMatchObject({ ok: true, key: { owner } })
      expect((await latchkey.verify(token.replace(shortToken, shortToken.toLowerCase() + 'x'))).ok).toBe(
        false,
      )
    }
  })

  // These have no package on npm that makes keys. Each vector was made by hand from what the project documents, but
  // for the one of Django, which Django 3.2.25 made.
  it.each([
    {
      name: 'Laravel Sanctum: SHA-256 in hex of what follows the "|"',
      text: '42|k8GNfRcH2mQy7LbXvT1sWzD4pJ6aEoUi3nKtBqYx05c3afec',
      format: 'sanctum',
      start: '42',
      hash: 'ba7a8074ccc3ffbff39bd883f80731d770fc20e50da02dd6645955800cf726b8',
    },
    {
      name: 'Unkey: SHA-256 in base64 of the whole key',
      text: 'uk_3ZpNcVbT1xYq8WmK5sRdLh',
      format: 'unkey',
      start: 'uk_3Zp',
      hash: 'qptDH6Pv4X69JdQDPVxMeNVIpagx6g0sXhcSP4HEitA=',
    },
    {
      name: 'djangorestframework-api-key 3: SHA-512 in hex',
      text: '2wbD0ECt.SzjQFynh5k5CdQgjzSkBlFlDfPMc5cSd',
      format: 'drf-api-key',
      start: '2wbD0ECt',
      hash: 'sha512$$505f30639b79d182d719ae12640277231ca6750a36a79eae251029e0edd55b2bb23032a936e84799d0e841f476eb6752efe036d84d1974999e3930e8984dcf77',
    },
    {
      name: 'djangorestframework-api-key 2: Django, PBKDF2',
      text: 'bTKINGUy.ZlLKA6JZOyfzmE0enBK3x8rTISuV2hLv',
      format: 'drf-api-key',
      start: 'bTKINGUy',
      hash: 'pbkdf2_sha256$1000$PPt5GYiQ3NCfE9aopy6B1I$nf5w+nQEEviGiiuXW8kCQ59+TdLf6Mku8IDZtcd8O2k=',
    },
  ] as const)('$name', async ({ text, name: _, ...row }) => {
    const latchkey = await db.latchkey({ imports: { formats: [row.format] } })
    expect(await latchkey.imports.run(ann, [{ ...row, owner: 'o', name: 'A key' }])).toMatchObject({
      added: 1,
    })
    expect(await latchkey.verify(text)).toMatchObject({ ok: true, key: { owner: 'o' } })
    expect((await latchkey.verify(text.slice(0, -1))).ok).toBe(false)
  })
})
