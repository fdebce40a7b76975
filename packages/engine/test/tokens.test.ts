import { AsyncLocalStorage } from 'node:async_hooks'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Latchkey, TokenOptions } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'
import { audience, aVerifiedKey, issuer, tokenOptions } from './token-support.ts'

const NOW = Date.parse('2026-06-01T12:00:00.750Z')
const NOW_SECONDS = Math.floor(NOW / 1_000)

const scopeSets = { '@read-only': { description: 'Read', scopes: ['contacts:read'] } }
const [onPglite] = testDatabases

describe('tokens', () => {
  const db = useDatabase(onPglite!.create)
  const clock = { nowMs: NOW }
  let latchkey: Latchkey
  beforeAll(async () => {
    const tokens = tokenOptions({ audiences: [audience, 'search'] })
    latchkey = await db.latchkey({ scopeSets, tokens, now: () => clock.nowMs })
  })

  const issue = (...args: Parameters<NonNullable<Latchkey['tokens']>['issue']>) =>
    latchkey.tokens!.issue(...args)

  /** A key with all scopes, and what a verdict says of it. */
  async function aKey(differences: { expiresAt?: Date } = {}) {
    const owner = anOwner()
    const created = must(
      await latchkey.keys.create(owner, ann, { name: 'k', scopes: ['contacts:*'], ...differences }),
    )
    const verified = async (secret = created.secret) => must(await latchkey.verify(secret)).key
    return { owner, id: created.apiKey.id, secret: created.secret, verified }
  }

  it('say by whom, for whom, of which key and what it may do, until when', async () => {
    const { owner, id, verified } = await aKey()
    const issued = must(await issue(await verified()))
    expect(issued).toEqual({
      ok: true,
      token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
      scopes: ['contacts:read', 'contacts:write'],
      lifetimeSeconds: 300,
    })
    const jwks = createLocalJWKSet((await latchkey.tokens!.jwks()) as never)
    const { payload, protectedHeader } = await jwtVerify(issued.token, jwks, { currentDate: new Date(NOW) })
    expect(protectedHeader).toEqual({
      alg: 'EdDSA',
      typ: 'at+jwt',
      kid: (await latchkey.tokens!.jwks()).keys[0]!.kid,
    })
    expect(payload).toEqual({
      iss: issuer,
      aud: audience,
      sub: id,
      client_id: id,
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 300,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      scope: 'contacts:read contacts:write',
      owner,
      environment: 'live',
    })
    expect(decodeJwt(must(await issue(await verified())).token).jti).not.toBe(payload.jti)
  })

  it.each([
    [['contacts:read'], 'contacts:read'],
    [['contacts:read', 'contacts:read'], 'contacts:read'],
    [['@read-only'], 'contacts:read'],
    [['contacts:*'], 'contacts:read contacts:write'],
    [[], ''],
  ])('may be for less: %j', async (scopes, scope) => {
    const { verified } = await aKey()
    const issued = must(await issue(await verified(), { scopes }))
    expect(issued.scopes.join(' ')).toBe(scope)
    expect(decodeJwt(issued.token).scope).toBe(scope)
  })

  it('are never for more than the key may do now', async () => {
    const { owner, verified } = await aKey()
    must(await latchkey.owners.setScopes(owner, ['contacts:read']))
    expect(must(await issue(await verified())).scopes).toEqual(['contacts:read'])
    expect(await issue(await verified(), { scopes: ['contacts:read', 'contacts:write'] })).toEqual({
      ok: false,
      reason: 'insufficient_scope',
      scopes: ['contacts:write'],
    })
    expect(await issue(await verified(), { scopes: ['contacts:*'] })).toMatchObject({
      reason: 'insufficient_scope',
    })
  })

  it('leave out scopes that are not of the host, which nobody but Latchkey understands', async () => {
    const key = aVerifiedKey({ scopes: ['contacts:read', 'keys:write', 'latchkey:verify', 'gone:read'] })
    expect(must(await issue(key)).scopes).toEqual(['contacts:read'])
    for (const scope of ['keys:write', 'latchkey:verify', 'gone:read', 'gone:*']) {
      expect(await issue(key, { scopes: [scope] })).toEqual({
        ok: false,
        reason: 'invalid',
        field: 'scopes',
        message: 'must be among: contacts:read, contacts:write, @read-only',
      })
    }
  })

  it('end with their key, and with the old secret that asked for them', async () => {
    const expiring = await aKey({ expiresAt: new Date(NOW + 60_000) })
    expect(must(await issue(await expiring.verified())).lifetimeSeconds).toBe(60)
    expect(must(await issue(await expiring.verified(), { lifetimeSeconds: 30 })).lifetimeSeconds).toBe(30)

    const rotated = await aKey({ expiresAt: new Date(NOW + 250_000) })
    const { secret } = must(
      await latchkey.keys.rotate(rotated.owner, ann, rotated.id, { gracePeriodSeconds: 120 }),
    )
    expect(must(await issue(await rotated.verified())).lifetimeSeconds).toBe(120)
    expect(must(await issue(await rotated.verified(secret))).lifetimeSeconds).toBe(250)
  })

  it('are refused when nothing is left of their key', async () => {
    const key = aVerifiedKey({ endsAtMs: NOW + 200 })
    expect(await issue(key)).toEqual({ ok: false, reason: 'expired' })
    expect(must(await issue(aVerifiedKey({ endsAtMs: NOW + 250 }))).lifetimeSeconds).toBe(1)
  })

  it('begin when their key was verified, however long the request takes after that', async () => {
    const key = aVerifiedKey()
    const issued = must(await issue(key, { ageMs: 100_000, lifetimeSeconds: 120 }))
    expect(issued.lifetimeSeconds).toBe(20)
    const { iat, exp } = decodeJwt(issued.token)
    expect([iat, exp]).toEqual([NOW_SECONDS - 100, NOW_SECONDS + 20])
    expect(await issue(key, { ageMs: 120_000, lifetimeSeconds: 120 })).toEqual({
      ok: false,
      reason: 'too_late',
    })
  })

  it('are for one of the audiences, the first unless another is asked for', async () => {
    const key = aVerifiedKey()
    const audienceOf = async (asked?: string) =>
      decodeJwt(must(await issue(key, { audience: asked })).token).aud
    expect(await audienceOf()).toBe(audience)
    expect(await audienceOf('search')).toBe('search')
    expect(await issue(key, { audience: 'https://evil.example.com' })).toEqual({
      ok: false,
      reason: 'invalid',
      field: 'audience',
      message: `must be among: ${audience}, search`,
    })
  })

  it.each([29, 301, 900, 60.5, NaN, Infinity, -60, '60' as unknown as number])(
    'do not live for %s seconds',
    async (lifetimeSeconds) => {
      expect(await issue(aVerifiedKey(), { lifetimeSeconds })).toEqual({
        ok: false,
        reason: 'invalid',
        field: 'lifetimeSeconds',
        message: 'must be a whole number of seconds from 30 to 300',
      })
    },
  )

  it.each([30, 299, 300])('live for %i seconds when that is asked for', async (lifetimeSeconds) => {
    expect(must(await issue(aVerifiedKey(), { lifetimeSeconds })).lifetimeSeconds).toBe(lifetimeSeconds)
  })

  it('are no keys', async () => {
    const { verified } = await aKey()
    const { token } = must(await issue(await verified()))
    const [header, payload, signature] = token.split('.') as [string, string, string]
    for (const text of [token, header, payload, signature, `${header}.${payload}`]) {
      expect(await latchkey.verify(text)).toMatchObject({ ok: false, reason: 'malformed' })
    }
  })

  it('are issued with nothing but what is in memory', async () => {
    const { secret, verified } = await aKey()
    await verified()
    const { database } = db
    const { drizzle } = database
    // The background asks every second, so only what comes of the call itself is counted.
    const caller = new AsyncLocalStorage<true>()
    const questions: unknown[] = []
    const note = (question: unknown) => caller.getStore() && questions.push(question)
    watch(database, 'query', note)
    for (const way of ['select', 'execute', 'transaction'] as const) watch(drizzle, way, note)
    await caller.run(true, () => database.query('select 1', []))
    expect(questions).toEqual(['query'])
    for (let i = 0; i < 100; i++) {
      const verdict = latchkey.verify(secret)
      expect(verdict).not.toBeInstanceOf(Promise)
      const { key } = must(await verdict)
      must(await caller.run(true, () => issue(key)))
      await caller.run(true, () => latchkey.tokens!.jwks())
    }
    expect(questions).toEqual(['query'])
  })
})

/** Tells of each call of a method, which does what it did. */
function watch<Name extends string>(
  target: Record<Name, (...args: never[]) => unknown>,
  name: Name,
  note: (name: Name) => void,
): void {
  const original = target[name]
  target[name] = function (this: unknown, ...args: never[]) {
    note(name)
    return original.apply(this, args)
  }
  onTestFinished(() => void (target[name] = original))
}

describe('the option tokens', () => {
  const db = useDatabase(onPglite!.create)
  const open = (differences: Partial<Record<keyof TokenOptions, unknown>>) =>
    db.latchkey({ tokens: { ...tokenOptions(), ...differences } as TokenOptions })

  it('is needed for any token', async () => {
    expect((await db.latchkey()).tokens).toBeNull()
  })

  it.each([
    [{ issuer: undefined }, 'tokens.issuer must be a URL'],
    [{ issuer: 'api' }, 'tokens.issuer must be a URL'],
    [{ issuer: 'https://' }, 'tokens.issuer must be a URL'],
    [{ issuer: 'https://api.example.com?x' }, 'tokens.issuer must be a URL'],
    [{ issuer: 'ftp://api.example.com' }, 'tokens.issuer must be a URL'],
    [{ audiences: undefined }, 'tokens.audiences must be a list'],
    [{ audiences: 'search' }, 'tokens.audiences must be a list'],
    [{ audiences: [] }, 'tokens.audiences must be a list'],
    [{ audiences: [''] }, 'tokens.audiences must be a list'],
    [{ audiences: ['a b'] }, 'tokens.audiences must be a list'],
    [{ audiences: ['a'.repeat(256)] }, 'tokens.audiences must be a list'],
    [{ encryptionKey: undefined }, 'tokens.encryptionKey must be 32 random bytes'],
    [{ encryptionKey: '0'.repeat(64) }, 'tokens.encryptionKey is not random'],
    [{ lifetimeSeconds: 59 }, 'tokens.lifetimeSeconds must be a whole number from 60 to 900'],
    [{ lifetimeSeconds: 901 }, 'tokens.lifetimeSeconds must be'],
    [{ lifetimeSeconds: 90.5 }, 'tokens.lifetimeSeconds must be'],
    [{ lifetimeSeconds: null }, 'tokens.lifetimeSeconds must be'],
  ])('must be right: %j', async (differences, sentence) => {
    await expect(open(differences)).rejects.toThrow(sentence)
  })

  it('loads jose, and nothing else does', () => {
    const run = (tokens: string) =>
      spawnSync(
        process.execPath,
        ['--conditions=@latchkey/source', '--input-type=module', '-e', SCRIPT, tokens],
        {
          cwd: new URL('.', import.meta.url),
          encoding: 'utf8',
        },
      ).stdout
    expect(run('undefined')).toBe('null\n')
    expect(run(JSON.stringify(tokenOptions({ encryptionKey: randomBytes(32).toString('hex') })))).toBe(
      'jose is not here\n',
    )
  })
})

const SCRIPT = `
  import { registerHooks } from 'node:module'
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'jose') throw new Error('jose is not here')
      return next(specifier, context)
    },
  })
  const tokens = process.argv[1] === 'undefined' ? undefined : JSON.parse(process.argv[1])
  try {
    const { createLatchkey } = await import('@latchkey/engine')
    const latchkey = await createLatchkey({ database: 'memory:', tokens })
    console.log(latchkey.tokens)
    await latchkey.close()
  } catch (error) {
    console.log(error.message)
  }`
