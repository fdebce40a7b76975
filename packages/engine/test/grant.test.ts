import { RESERVED_SCOPES, type Grant, type Latchkey, type UpdateOptions } from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, must, useDatabase } from './set-up.ts'

const start = Date.parse('2026-06-01T12:00:00.000Z')
const inHours = (hours: number) => new Date(start + hours * 3_600_000)
const everything: Grant = { scopes: null, expiresAt: null, environment: null }
const withoutAudit: Grant = { ...everything, withheld: ['audit:read'] }

describe.each(testDatabases.filter(({ name }) => name !== 'PGlite in a folder'))(
  'a grant on $name',
  ({ create }) => {
    const db = useDatabase(create)
    let latchkey: Latchkey
    beforeAll(async () => {
      latchkey = await db.latchkey({
        now: () => start,
        scopeSets: { '@read-only': { description: 'Read all', scopes: ['contacts:read'] } },
      })
    })

    const reader: Grant = { ...everything, scopes: ['keys:write', 'contacts:read'] }

    describe('at create', () => {
      it.each<[string, object, Grant]>([
        ['the same scopes', { scopes: ['keys:write', 'contacts:read'] }, reader],
        ['fewer scopes', { scopes: [] }, reader],
        ['every declared scope', { scopes: ['contacts:write', 'keys:read', 'keys:write'] }, everything],
        [
          'the scope of gateways, where it is named',
          { scopes: ['latchkey:verify'] },
          { ...everything, scopes: ['latchkey:verify'] },
        ],
        [
          'what is withheld from others',
          { scopes: ['audit:read'] },
          { ...everything, withheld: ['keys:write'] },
        ],
        ['the same expiry', { expiresAt: inHours(1) }, { ...everything, expiresAt: inHours(1) }],
        ['an earlier expiry', { expiresAt: inHours(1) }, { ...everything, expiresAt: inHours(2) }],
        ['its environment', { environment: 'test' }, { ...everything, environment: 'test' }],
      ])('lets through %s', async (_, wanted, grant) => {
        const { apiKey } = must(await latchkey.keys.create(anOwner(), ann, { name: 'k', ...wanted, grant }))
        expect(apiKey).toMatchObject(wanted)
      })

      it.each<[string, object, Grant, RegExp]>([
        [
          'a scope it lacks, by name',
          { scopes: ['contacts:read', 'contacts:write', 'keys:read'] },
          reader,
          /: contacts:write, keys:read\./,
        ],
        [
          'any scope, when it has none',
          { scopes: ['contacts:read'] },
          { ...everything, scopes: [] },
          /contacts:read/,
        ],
        ['what is withheld, when it has all others', { scopes: ['audit:read'] }, withoutAudit, /audit:read/],
        [
          'what is withheld, though it is named',
          { scopes: ['audit:read'] },
          { ...withoutAudit, scopes: ['audit:read', 'keys:read'] },
          /audit:read/,
        ],
        [
          'the scope of gateways, when it has all others',
          { scopes: ['latchkey:verify'] },
          everything,
          /latchkey:verify/,
        ],
        [
          'a later expiry',
          { expiresAt: inHours(2) },
          { ...everything, expiresAt: inHours(1) },
          /up to 2026-06-01T13:00:00.000Z/,
        ],
        ['no expiry', {}, { ...everything, expiresAt: inHours(1) }, /expire no later/],
        [
          'the other environment',
          { environment: 'live' },
          { ...everything, environment: 'test' },
          /only touch test keys/,
        ],
      ])('refuses %s, and makes no key', async (_, wanted, grant, message) => {
        const owner = anOwner()
        const result = await latchkey.keys.create(owner, ann, { name: 'k', ...wanted, grant })
        expect(result).toEqual({
          ok: false,
          reason: 'beyond_grant',
          message: expect.stringMatching(message) as string,
        })
        expect(must(await latchkey.keys.list(owner)).data).toEqual([])
      })

      it('bounds nothing when there is none: the host’s own code may make every key', async () => {
        const scopes = Object.keys(RESERVED_SCOPES)
        expect(scopes).toEqual(['keys:read', 'keys:write', 'audit:read', 'latchkey:verify'])
        expect(must(await latchkey.keys.create(anOwner(), ann, { name: 'k', scopes })).apiKey.scopes).toEqual(
          scopes,
        )
      })
    })

    describe('from somebody who has not shown lately who they are', () => {
      const unproven: Grant = { ...everything, isProven: false }

      it.each(Object.keys(RESERVED_SCOPES))('leaves keys with %s alone', async (scope) => {
        const owner = anOwner()
        const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k', scopes: [scope] }))
        const grant = { ...unproven, scopes: [scope] }
        const refusal = { ok: false, reason: 'unproven' }
        expect(await latchkey.keys.create(owner, ann, { name: 'l', scopes: [scope], grant })).toEqual(refusal)
        expect(await latchkey.keys.update(owner, ann, apiKey.id, { scopes: [], grant })).toEqual(refusal)
        expect(await latchkey.keys.update(owner, ann, apiKey.id, { enabled: false, grant })).toEqual(refusal)
        expect(await latchkey.keys.rotate(owner, ann, apiKey.id, { grant })).toEqual(refusal)
        expect(await latchkey.keys.revoke(owner, ann, apiKey.id, { grant })).toEqual(refusal)
        expect(must(await latchkey.keys.list(owner)).data).toEqual([apiKey])
      })

      it('makes and ends every other key', async () => {
        const owner = anOwner()
        const wanted = { name: 'k', scopes: ['contacts:*'], grant: unproven }
        const { apiKey } = must(await latchkey.keys.create(owner, ann, wanted))
        must(await latchkey.keys.revoke(owner, ann, apiKey.id, { grant: unproven }))
      })
    })

    describe('at update', () => {
      async function change(before: object, options: UpdateOptions) {
        const owner = anOwner()
        const { apiKey } = must(await latchkey.keys.create(owner, ann, { name: 'k', ...before }))
        const result = await latchkey.keys.update(owner, ann, apiKey.id, options)
        return {
          result,
          isUntouched:
            (await latchkey.keys.get(owner, apiKey.id))!.updatedAt.getTime() === start && !result.ok,
        }
      }

      it.each<[string, object, UpdateOptions]>([
        ['giving a scope it has', {}, { scopes: ['contacts:read'], grant: reader }],
        [
          'taking the scopes away that it lacks',
          { scopes: ['contacts:write'] },
          { scopes: [], grant: reader },
        ],
        ['renaming a key within it', { scopes: ['contacts:read'] }, { name: 'n', grant: reader }],
        ['disabling a key beyond it', { scopes: ['contacts:write'] }, { enabled: false, grant: reader }],
      ])('lets through %s', async (_, before, options) => {
        must((await change(before, options)).result)
      })

      it.each<[string, object, UpdateOptions]>([
        ['giving a scope it lacks', {}, { scopes: ['contacts:write'], grant: reader }],
        ['renaming a key beyond it', { scopes: ['contacts:write'] }, { name: 'n', grant: reader }],
        ['enabling a key beyond it', { scopes: ['contacts:write'] }, { enabled: true, grant: reader }],
        [
          'disabling and renaming a key beyond it',
          { scopes: ['contacts:write'] },
          { enabled: false, name: 'n', grant: reader },
        ],
        [
          'other metadata for a key beyond it',
          { scopes: ['contacts:write'] },
          { metadata: {}, grant: reader },
        ],
        [
          'more time than it has',
          { expiresAt: inHours(1) },
          { expiresAt: null, grant: { ...everything, expiresAt: inHours(3) } },
        ],
        [
          'renaming a key that outlives it',
          { expiresAt: inHours(9) },
          { name: 'n', grant: { ...everything, expiresAt: inHours(3) } },
        ],
        [
          'disabling in the other environment',
          {},
          { enabled: false, grant: { ...everything, environment: 'test' } },
        ],
      ])('refuses %s', async (_, before, options) => {
        const { result, isUntouched } = await change(before, options)
        expect(result).toMatchObject({ ok: false, reason: 'beyond_grant' })
        expect(isUntouched).toBe(true)
      })
    })

    describe('at rotation', () => {
      const aMonth: Grant = { ...everything, expiresAt: inHours(720) }
      async function aKey(options: object) {
        const owner = anOwner()
        return {
          owner,
          id: must(await latchkey.keys.create(owner, ann, { name: 'k', ...options })).apiKey.id,
        }
      }

      it.each<[string, object, Grant]>([
        ['with a scope it lacks', { scopes: ['contacts:write'] }, reader],
        ['that outlives it', {}, aMonth],
        ['of the other environment', {}, { ...everything, environment: 'test' }],
      ])('hands out no secret of a key %s', async (_, options, grant) => {
        const { owner, id } = await aKey(options)
        const result = await latchkey.keys.rotate(owner, ann, id, { grant })
        expect(result).toMatchObject({ ok: false, reason: 'beyond_grant' })
        expect((await latchkey.keys.get(owner, id))!.version).toBe(1)
      })

      it('hands out that of a key within it', async () => {
        const { owner, id } = await aKey({ scopes: ['contacts:read'] })
        must(await latchkey.keys.rotate(owner, ann, id, { grant: reader }))
      })

      it('lets a replaced secret beyond it end earlier, not later', async () => {
        const { owner, id } = await aKey({ scopes: ['contacts:write'] })
        must(await latchkey.keys.rotate(owner, ann, id, { gracePeriodSeconds: 600 }))
        const retire = (seconds: number) => latchkey.keys.retire(owner, ann, id, seconds, { grant: reader })
        expect(await retire(601)).toMatchObject({ ok: false, reason: 'beyond_grant' })
        expect(must(await retire(300)).apiKey.retiringSecret!.endsAt.getTime()).toBe(start + 300_000)
      })
    })

    describe('over sets and wildcards', () => {
      const holding = (...scopes: string[]): Grant => ({ ...everything, scopes })
      const create = (name: string, grant: Grant) =>
        latchkey.keys.create(anOwner(), ann, { name: 'k', scopes: [name], grant })

      it.each<[string, Grant]>([
        ['contacts:read', holding('contacts:*')],
        ['contacts:read', holding('@read-only')],
        ['contacts:*', holding('contacts:*')],
        ['@read-only', holding('@read-only', 'keys:write')],
        ['contacts:*', everything],
      ])('lets %s through for who holds %j', async (name, grant) => {
        must(await create(name, grant))
      })

      // They may contain more tomorrow.
      it.each<[string, Grant]>([
        ['contacts:*', holding('contacts:read', 'contacts:write')],
        ['@read-only', holding('contacts:*')],
        ['keys:write', holding('contacts:*', '@read-only')],
      ])('refuses %s to who holds %j', async (name, grant) => {
        expect(await create(name, grant)).toMatchObject({ ok: false, reason: 'beyond_grant' })
      })
    })

    it('lets a key beyond it be revoked, but not one of the other environment', async () => {
      const owner = anOwner()
      const { apiKey } = must(
        await latchkey.keys.create(owner, ann, { name: 'k', scopes: ['contacts:write'] }),
      )
      const revoke = (environment: 'live' | 'test') =>
        latchkey.keys.revoke(owner, ann, apiKey.id, { grant: { ...reader, environment } })
      expect(await revoke('test')).toMatchObject({ ok: false, reason: 'beyond_grant' })
      expect((await latchkey.keys.get(owner, apiKey.id))!.revokedAt).toBeNull()
      must(await revoke('live'))
      expect(await revoke('live')).toEqual({ ok: false, reason: 'revoked' })
    })
  },
)

it.each(Object.keys(RESERVED_SCOPES))('%s is no host’s to declare', async (scope) => {
  const { createLatchkey } = await import('@latchkey/engine')
  await expect(createLatchkey({ database: 'memory:', scopes: { [scope]: 'Mine' } })).rejects.toThrow(
    `The scope "${scope}" is Latchkey's own`,
  )
})
