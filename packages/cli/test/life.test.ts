import { userInfo } from 'node:os'
import { testDatabases } from '@latchkey/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aConfig, aFolder, run, runJson } from './program.ts'

interface KeyJson {
  id: string
  name: string
  status: string
  start: string
  scopes: string[]
  expiresAt: string | null
  createdBy: { id: string; name: string | null }
  retiringSecret: { endsAt: string } | null
  rateLimits: unknown[]
  metadata: unknown
}
interface CreatedJson {
  apiKey: KeyJson
  secret: string
}

const databases = testDatabases.filter(({ name }) => name !== 'PGlite in memory')

describe.each(databases)('on $name', ({ name, create }) => {
  let target: string
  let remove: () => Promise<void>
  beforeAll(async () => {
    ;({ target, remove } = await create())
    expect((await run(['migrate', '--database', target])).stderr).toBe('')
  })
  afterAll(() => remove())

  // Embedded, each command starts a Postgres of its own, and one life of a key is enough to show that it works.
  const rest = name === 'Postgres' ? it : () => undefined

  /** In a folder with a config, which names no database. */
  function host() {
    const options = { cwd: aFolder({ 'latchkey.config.ts': aConfig }), env: { DATABASE_URL: target } }
    return {
      run: (args: string[], input?: string) =>
        run(args, { ...options, ...(input !== undefined && { input }) }),
      json: <T>(args: string[], input?: string) =>
        runJson<T>(args, { ...options, ...(input !== undefined && { input }) }),
    }
  }

  it('makes a key, shows its secret once, lists it, gives it another secret and ends it', async () => {
    const { run, json } = host()
    const { apiKey, secret } = await json<CreatedJson>([
      ...[
        'create',
        'Integration with CRM',
        '--owner',
        'acme',
        '--scope',
        'contacts:read',
        '--expires',
        '90d',
      ],
      ...['--rate-limit', '100/1m', '--rate-limit', 'burst=10/1s', '--metadata', '{"team":"sales"}'],
    ])
    expect(secret).toMatch(/^lk_live_/)
    expect(apiKey).toMatchObject({
      name: 'Integration with CRM',
      status: 'active',
      scopes: ['contacts:read'],
      createdBy: { id: `cli:${userInfo().username}`, name: null },
      rateLimits: [
        { name: 'default', limit: 100, windowSeconds: 60 },
        { name: 'burst', limit: 10, windowSeconds: 1 },
      ],
      metadata: { team: 'sales' },
    })
    const days = (Date.parse(apiKey.expiresAt!) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(89)
    expect(days).toBeLessThanOrEqual(90)

    const { data } = await json<{ data: KeyJson[] }>(['list', '--owner', 'acme'])
    expect(data.map(({ id }) => id)).toEqual([apiKey.id])
    expect(JSON.stringify(data)).not.toContain(secret)

    const good = await json<object>(['verify', '--scope', 'contacts:read'], `${secret}\n`)
    expect(good).toMatchObject({ valid: true, code: 'valid', apiKey: { id: apiKey.id, owner: 'acme' } })

    const rotated = await json<CreatedJson>(['rotate', apiKey.id, '--owner', 'acme', '--grace', '24h'])
    expect(rotated.secret).not.toBe(secret)
    expect(rotated.apiKey.retiringSecret).not.toBeNull()
    for (const text of [secret, rotated.secret]) {
      expect(await json<object>(['verify'], text)).toMatchObject({ valid: true })
    }

    const end = ['revoke', apiKey.id, '--owner', 'acme']
    const revoked = await json<object>([...end, '--reason', 'superseded', '--note', 'Moved'])
    expect(revoked).toMatchObject({
      apiKey: { status: 'revoked', revocation: { reason: 'superseded', note: 'Moved' } },
      receipt: { nodes: 1, confirmed: 1 },
    })
    const after = await run(['verify', '--json'], rotated.secret)
    expect(after).toMatchObject({ code: 4, stderr: '' })
    expect(JSON.parse(after.stdout)).toMatchObject({
      valid: false,
      code: 'key_revoked',
      apiKey: { id: apiKey.id },
    })
    expect(await json<object>(['list', '--owner', 'acme'])).toEqual({ data: [] })
    const again = await run([...end, '--json'])
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(JSON.parse(again.stderr)).toMatchObject({ error: { code: 'already_revoked' } })

    const back = ['restore', apiKey.id, '--owner', 'acme']
    expect(await json<object>(back)).toMatchObject({ apiKey: { id: apiKey.id, status: 'active' } })
    expect(await json<object>(['verify'], rotated.secret)).toMatchObject({ valid: true })
    expect(JSON.parse((await run([...back, '--json'])).stderr)).toMatchObject({
      error: { code: 'not_revoked' },
    })
    await json<object>([...end, '--reason', 'keyCompromise'])
    expect(JSON.parse((await run([...back, '--json'])).stderr)).toMatchObject({
      error: { code: 'not_restorable', message: expect.stringContaining('leaked') as string },
    })
  })

  rest('tells people the same in words, and pipes get the secret alone', async () => {
    const { run } = host()
    const created = await run(['create', 'Nightly', '--owner', 'words', '--actor', 'user_ann'])
    expect(created.code).toBe(0)
    const secret = created.stdout.trimEnd()
    expect(secret).toMatch(/^lk_live_\w{36}$/)
    const [, id] = /^Created (key_\w+)\. It never expires\. This is its secret, shown only now:$/m.exec(
      created.stderr,
    )!
    expect(created.stderr).not.toContain(secret)

    const listed = await run(['list', '--owner', 'words'])
    expect(listed.stdout.split('\n')[0]).toMatch(
      /^ID +NAME +STATUS +START +SCOPES +CREATED +EXPIRES +LAST USED$/,
    )
    expect(listed.stdout.split('\n')[1]).toMatch(
      new RegExp(`^${id} +Nightly +active +${secret.slice(0, 12)} +- `),
    )

    const good = await run(['verify'], secret)
    expect(good.stdout).toMatch(/^Good\.\n +id +key_\w+\n +owner +words\n +name +Nightly\n/)

    const rotated = await run(['rotate', id!, '--owner', 'words'])
    expect(rotated.stdout).toMatch(/^lk_live_\w{36}\n$/)
    expect(rotated.stderr).toContain(
      'The old secret has ended. Refused by 1 of 1 nodes, this command among them',
    )
    const old = await run(['verify'], secret)
    expect(old).toMatchObject({ code: 4 })
    expect(old.stdout).toContain('Not good. The key was rotated, and this is its old secret')

    const revoked = await run(['revoke', id!, '--owner', 'words'])
    expect(revoked.stdout).toMatch(
      /^Revoked key_\w+\. Refused by 1 of 1 nodes, this command among them.* It can be restored until 2\S+Z\.\n$/,
    )
    expect((await run(['list', '--owner', 'words'])).stdout).toBe('There are no such keys.\n')
    expect((await run(['list', '--owner', 'words', '--status', 'revoked'])).stdout).toContain(id)
  })

  rest('reaches the keys of the owner and the namespace that are named, and no other', async () => {
    const { run, json } = host()
    const { apiKey, secret } = await json<CreatedJson>(['create', 'Mine', '--owner', 'mine'])
    const foreign = await run(['revoke', apiKey.id, '--owner', 'somebody-else', '--json'])
    expect(JSON.parse(foreign.stderr)).toMatchObject({ error: { code: 'not_found' } })
    const elsewhere = await run(['verify', '--namespace', 'elsewhere', '--json'], secret)
    expect(elsewhere.code).toBe(4)
    expect(JSON.parse(elsewhere.stdout)).toEqual({ valid: false, code: 'unknown_key', apiKey: null })
  })

  rest(
    'lists as many as there are, or as many as were asked for, by state, environment and text',
    async () => {
      const { json } = host()
      for (const [name, environment] of [
        ['Alpha', 'live'],
        ['Beta', 'test'],
        ['Gamma', 'live'],
      ]) {
        await json(['create', name!, '--owner', 'many', '--environment', environment!])
      }
      const names = async (...flags: string[]) =>
        (await json<{ data: KeyJson[] }>(['list', '--owner', 'many', ...flags])).data.map(({ name }) => name)
      expect(await names()).toEqual(['Gamma', 'Beta', 'Alpha'])
      expect(await names('--limit', '2')).toEqual(['Gamma', 'Beta'])
      expect(await names('--environment', 'test')).toEqual(['Beta'])
      expect(await names('--search', 'alph')).toEqual(['Alpha'])
      expect(await names('--status', 'revoked', '--status', 'disabled')).toEqual([])
    },
  )

  rest('says what is not good about a key that was mistyped, unknown or may too little', async () => {
    const { run, json } = host()
    const { secret } = await json<CreatedJson>(['create', 'Poor', '--owner', 'poor', '--environment', 'test'])
    const codeOf = async (args: string[], input: string) => {
      const { code, stdout } = await run(['verify', '--json', ...args], input)
      return [code, (JSON.parse(stdout) as { code: string }).code]
    }
    expect(await codeOf([], 'mistyped')).toEqual([4, 'malformed_key'])
    expect(await codeOf([], secret.slice(0, -1))).toEqual([4, 'unknown_key'])
    expect(await codeOf(['--scope', 'contacts:write'], secret)).toEqual([4, 'insufficient_scope'])
    expect(await codeOf(['--environment', 'live'], secret)).toEqual([4, 'wrong_environment'])
  })

  rest('costs nothing to verify, however little the key may do', async () => {
    const { json } = host()
    const { secret } = await json<CreatedJson>(['create', 'Slow', '--owner', 'slow', '--rate-limit', '1/1h'])
    for (let time = 0; time < 2; time++) {
      expect(await json<object>(['verify'], secret)).toMatchObject({ valid: true })
    }
  })

  rest(
    'deletes no record of a revoked key where no config says for how long the host keeps them',
    async () => {
      const { run } = host()
      // Nothing longer than revoked keys are kept can be restored.
      const long = aFolder({ 'long.config.ts': `export default { restoreWindowSeconds: ${1_000 * 86_400} }` })
      const listed = await run(['list', '--owner', 'kept', '--config', `${long}/long.config.ts`])
      expect(listed).toMatchObject({ code: 0, stderr: '' })
    },
  )
})
