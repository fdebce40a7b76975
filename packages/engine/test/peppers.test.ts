import { createHmac, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createPepperHash, remembering } from '../src/pepper-hash.ts'
import { readPeppers, type PepperOptions } from '../src/pepper-options.ts'
import { createPeppers, NO_PEPPERS } from '../src/peppers.ts'
import { hashBytes, hashFromBytes, hashSecret } from '../src/secret.ts'

const digests = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('the hash under a pepper', () => {
  it('is HMAC-SHA-256 of the digest, for peppers of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 200 }), digests, (pepper, digest) => {
        const made = hashBytes(createPepperHash(pepper)(hashFromBytes(digest)))
        expect(made).toEqual(createHmac('sha256', pepper).update(digest).digest())
      }),
    )
  })

  it('is the same when it is remembered, whatever shares its place', () => {
    const hash = createPepperHash(randomBytes(32))
    const remembered = remembering(hash, 2)
    for (let i = 0; i < 200; i++) {
      const digest = hashSecret(`text ${i % 7}`)
      expect(remembered(digest)).toBe(hash(digest))
    }
  })

  it('is made once for a digest that is in use', () => {
    const hash = vi.fn((digest: string) => digest)
    const remembered = remembering(hash)
    const digest = hashSecret('text')
    for (let i = 0; i < 10; i++) remembered(digest)
    expect(hash).toHaveBeenCalledOnce()
  })
})

describe('a set of peppers', () => {
  const [p1, p2, p3] = [randomBytes(32), randomBytes(32), randomBytes(32)]
  const under = (current: string | null) => createPeppers({ current, keys: { p1, p2, p3 } })
  const names = (current: string | null) =>
    under(current)
      .possible(hashSecret('text'))
      .map(({ pepper, isBehind }) => `${pepper}${isBehind ? ' behind' : ''}`)

  it('asks for every one, that of now first, and moves secrets forward only', () => {
    expect(names('p2')).toEqual(['p2', 'p3', 'p1 behind', 'null behind'])
    expect(names('p3')).toEqual(['p3', 'p2 behind', 'p1 behind', 'null behind'])
    expect(names(null)).toEqual(['null', 'p3', 'p2', 'p1'])
  })

  it('stores a secret by what it is looked for first', () => {
    for (const current of ['p1', 'p2', null]) {
      const peppers = under(current)
      const stored = peppers.toStore(hashSecret('text'))
      expect(stored).toMatchObject({ pepper: current, hash: peppers.hashOf('text') })
      expect(peppers.possible(hashSecret('text'))[0]).toMatchObject(stored)
    }
    expect(NO_PEPPERS.hashOf).toBe(hashSecret)
  })
})

describe('peppers that are refused', () => {
  const good = randomBytes(32).toString('base64')
  const refusal = (options: unknown) => {
    try {
      readPeppers(options as PepperOptions)
    } catch (error) {
      return (error as Error).message
    }
    return null
  }

  it.each([
    ['missing', undefined],
    ['missing', ''],
    ['text or bytes', 32],
    ['shorter than 32 bytes', randomBytes(31)],
    ['shorter than 32 bytes', good.slice(0, 31)],
    ['placeholder', 'changeme-changeme-please-1234567890'],
    ['placeholder', 'replace_this_before_production_or_else!'],
    ['placeholder', 'my-secret-is-the-best-of-all-secrets-0'],
    ['placeholder', 'x'.repeat(64)],
    ['placeholder', Buffer.alloc(64)],
    ['placeholder', 'abcabcab'.repeat(8)],
    ['placeholder', '0123456789abcdef'.repeat(2)],
    ['placeholder', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'],
    ['placeholder', Buffer.from(Array.from({ length: 32 }, (_, at) => 255 - at))],
    ['placeholder', good.slice(0, 20) + good.slice(0, 20)],
  ])('as %s, and are not told', (problem, pepper) => {
    const told = refusal({ current: 'p1', keys: { p1: pepper } })
    expect(told).toContain('peppers.keys.p1')
    expect(told).toContain(problem)
    expect(told).toContain('openssl rand -base64 32')
    if (typeof pepper === 'string' && pepper !== '') expect(told).not.toContain(pepper.slice(0, 8))
  })

  it('when two are the same, none is there, or the current one is not', () => {
    expect(refusal({ current: 'p1', keys: { p1: good, p2: Buffer.from(good) } })).toContain('is the same as')
    expect(refusal({ current: 'p1', keys: {} })).toContain('at least one')
    expect(refusal({ current: null })).toContain('at least one')
    expect(refusal({ current: 'p2', keys: { p1: good } })).toContain('peppers.current must be one of')
    expect(refusal({ keys: { p1: good } })).toContain('peppers.current must be one of')
    expect(refusal({ current: '1', keys: { '1': good } })).toContain('names')
  })

  it('but never random ones, as bytes, hex or base64', () => {
    for (let i = 0; i < 2_000; i++) {
      const bytes = randomBytes(32)
      const pepper = [bytes, bytes.toString('hex'), bytes.toString('base64')][i % 3]
      expect(refusal({ current: 'p1', keys: { p1: pepper } })).toBeNull()
    }
  })
})
