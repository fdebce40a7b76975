import { generateSecret } from '@latchkey/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKeyCache, MAX_UNCONFIRMED_MS } from '../src/cache.ts'
import { hashSecret } from '../src/secret.ts'
import { createVerifier } from '../src/verify.ts'
import { createAttempts } from '../src/attempts.ts'
import { UsageMeter } from '../src/usage.ts'
import { aJudgeableKey } from './a-key.ts'

/**
 * A key that is changed while it is verified, with every wait between processes in the scheduler's hands. The
 * key's metadata carries the version of the row, so a verdict shows what it rests on.
 */
function createWorld(scheduler: fc.Scheduler) {
  const secret = generateSecret({ prefix: 'lk', environment: 'live' })
  const hash = hashSecret(secret)
  let row = { version: 0, exists: true }
  /** The newest version whose change has been acknowledged to whoever made it. */
  let acknowledged = 0

  const wait = (label: string) => scheduler.schedule(Promise.resolve(), label)

  async function load() {
    await wait('the query reaches the database')
    const seen = row
    await wait('the answer comes back')
    return seen.exists ? aJudgeableKey({ metadata: { version: seen.version } }) : null
  }
  const cache = createKeyCache({ now: () => 0 })
  const verify = createVerifier({
    cache,
    load,
    loadForSuspects: load,
    attempts: createAttempts(),
    usage: {
      meterOf: (key) => new UsageMeter(key),
      record: () => undefined,
      flush: async () => undefined,
      flushYoung: async () => undefined,
    },
    now: () => 0,
  })

  async function change(next: (row: { version: number; exists: boolean }) => { exists: boolean }) {
    await wait('the change reaches the database')
    row = { ...next(row), version: row.version + 1 }
    const { version } = row
    await wait('the acknowledgement, or the notification, comes back')
    cache.invalidate(hash)
    acknowledged = Math.max(acknowledged, version)
  }

  return {
    async verify() {
      await wait('a request arrives')
      const atLeast = acknowledged
      const verdict = await verify(secret)
      const version = verdict.ok ? Number(verdict.key.metadata['version']) : row.version
      return { atLeast, version, ok: verdict.ok }
    },
    update: () => change(({ exists }) => ({ exists })),
    remove: () => change(() => ({ exists: false })),
    create: () => change(() => ({ exists: true })),
    async loseTrack() {
      await wait('the feed is back after a gap')
      cache.clear()
      acknowledged = row.version
    },
    cachedVersion() {
      const cached = cache.get(hash, 0)
      return cached === undefined
        ? undefined
        : cached === null
          ? 'none'
          : cached.accepted.key.metadata['version']
    },
    currentVersion: () => (row.exists ? row.version : 'none'),
  }
}

const steps = fc.array(fc.constantFrom('verify', 'verify', 'update', 'remove', 'create', 'loseTrack'), {
  minLength: 2,
  maxLength: 12,
})

describe('verifying while keys change, in every order', () => {
  it('rests no verdict on a state older than the last acknowledged change, and caches none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), steps, async (scheduler, names) => {
        const world = createWorld(scheduler)
        const results = Promise.all(names.map((name) => world[name]()))
        for (const result of await scheduler.waitFor(results)) {
          if (result === undefined) continue
          expect(result.version).toBeGreaterThanOrEqual(result.atLeast)
        }
        // When all is quiet the cache may be empty, but it may not be wrong.
        expect([undefined, world.currentVersion()]).toContain(world.cachedVersion())
      }),
      { numRuns: 3_000 },
    )
  })

  it('never accepts a key in a request that began after its removal was acknowledged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 5 }), async (scheduler, earlier) => {
        const world = createWorld(scheduler)
        const before = Array.from({ length: earlier }, () => world.verify())
        const after = world.remove().then(() => world.verify())
        await scheduler.waitFor(Promise.all(before))
        expect((await scheduler.waitFor(after)).ok).toBe(false)
      }),
      { numRuns: 1_000 },
    )
  })
})

/**
 * The same when no notification arrives: changes are found by reading the log alone, every reading may fail, and
 * time passes in between. A row's version is the time of its change.
 */
function createDeafWorld(scheduler: fc.Scheduler) {
  const hash = hashSecret(generateSecret({ prefix: 'lk', environment: 'live' }))
  let nowMs = 0
  let readingUnderWay = Promise.resolve()
  const versions = [0]
  const unread: number[] = []
  const wait = (label: string) => scheduler.schedule(Promise.resolve(), label)
  const cache = createKeyCache({ now: () => nowMs })

  async function load() {
    await wait('the query reaches the database')
    const version = versions.at(-1)!
    await wait('the answer comes back')
    return aJudgeableKey({ metadata: { version } })
  }

  async function readLog(isCut: boolean) {
    await wait('the reading begins')
    const startedAt = nowMs
    await wait('the reading reaches the database')
    const found = unread.length
    await wait('its answer comes back')
    if (isCut) return
    if (unread.splice(0, found).length > 0) cache.invalidate(hash)
    cache.confirm(startedAt)
  }

  return {
    async verify() {
      await wait('a request arrives')
      const cached = cache.get(hash, nowMs)
      if (cached == null) {
        await cache.fill(hash, load)
        return null
      }
      const version = Number(cached.accepted.key.metadata['version'])
      const newestThatMustBeKnown = versions.findLast((at) => at <= nowMs - MAX_UNCONFIRMED_MS) ?? 0
      return { version, newestThatMustBeKnown }
    },
    async change() {
      await wait('the change reaches the database')
      versions.push(nowMs)
      unread.push(nowMs)
      return null
    },
    read: () => (readingUnderWay = readingUnderWay.then(() => readLog(false))),
    fail: () => (readingUnderWay = readingUnderWay.then(() => readLog(true))),
    async pass() {
      await wait('time passes')
      nowMs += 1_700
      return null
    },
  }
}

const deafSteps = fc.array(
  fc.constantFrom('verify', 'verify', 'verify', 'change', 'read', 'read', 'fail', 'pass', 'pass'),
  { minLength: 10, maxLength: 40 },
)

describe('verifying while nothing but the log tells of changes, in every order', () => {
  it('rests no verdict from memory on a state that ended more than five seconds ago', async () => {
    let isFromMemory = 0
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), deafSteps, async (scheduler, names) => {
        const world = createDeafWorld(scheduler)
        for (const seen of await scheduler.waitFor(Promise.all(names.map((name) => world[name]())))) {
          if (!seen) continue
          isFromMemory += 1
          expect(seen.version).toBeGreaterThanOrEqual(seen.newestThatMustBeKnown)
        }
      }),
      { numRuns: 3_000 },
    )
    expect(isFromMemory).toBeGreaterThan(500)
  })
})
