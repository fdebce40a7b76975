import {
  createLatchkey,
  KEY_STATES,
  keyState,
  openDatabase,
  type KeyState,
  type Latchkey,
  type RevocationReason,
} from '@latchkey/engine'
import { testDatabases } from '@latchkey/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ann, must, scopes } from './set-up.ts'

/** What a key should be like by now, kept by the simplest means. */
interface ModelKey {
  id: string
  secret: string
  /** The secret before, and when it ends. */
  old: { secret: string; endsAt: number } | null
  owner: string
  name: string
  scopes: string[]
  expiresAt: Date | null
  notBefore: Date | null
  disabledAt: Date | null
  revokedAt: Date | null
  reason: RevocationReason | null
  /** The first number of the addresses from which it may be used; null: from everywhere. */
  allowedNet: number | null
}

/** Short, so that runs come to its end. */
const RESTORE_WINDOW_SECONDS = 1
/** Few, so that runs come to their end as well. */
const MAX_KEYS = 2

interface Model {
  now: number
  keys: ModelKey[]
}

/** Two nodes on one database: each change is made on one, and must be in force there at once. */
interface Real {
  nodes: [Latchkey, Latchkey]
  clock: { now: number }
  open: () => Promise<Latchkey>
}

type Command = fc.AsyncCommand<Model, Real>

const owners = fc.constantFrom('owner a', 'owner b')
const nodes = fc.constantFrom(0 as const, 1 as const)
const someScopes = fc.subarray(Object.keys(scopes))
const lifetimes = fc.option(fc.integer({ min: 1, max: 50 }))
const nets = fc.option(fc.constantFrom(10, 20))
const addressesIn = (net: number | null) => (net === null ? [] : [`${net}.0.0.0/8`])

function command(name: string, run: Command['run'], check: Command['check'] = () => true): Command {
  return { check, run, toString: () => name }
}

const withKeys = (model: Readonly<Model>) => model.keys.length > 0
const pick = (model: Model, index: number) => model.keys[index % model.keys.length]!

const creates = fc
  .tuple(nodes, owners, fc.nat(9), someScopes, lifetimes, lifetimes, nets)
  .map(([node, owner, n, held, lifetime, delay, allowedNet]) =>
    command(`create(${owner})`, async (model, { nodes: real }) => {
      const expiresAt = lifetime === null ? null : new Date(model.now + lifetime)
      const notBefore = delay === null ? null : new Date(model.now + delay)
      const allowedIps = addressesIn(allowedNet)
      const options = { name: `key ${n}`, scopes: held, expiresAt, notBefore, allowedIps }
      const result = await real[node].keys.create(owner, ann, options)
      if (expiresAt && notBefore && notBefore >= expiresAt) return expectReason(result, 'invalid')
      if (!hasRoom(model, owner)) return expectReason(result, 'too_many_keys')
      const { apiKey, secret } = must(result)
      const dates = { expiresAt, notBefore, disabledAt: null, revokedAt: null, reason: null }
      const { name } = options
      model.keys.push({ id: apiKey.id, secret, old: null, owner, name, scopes: held, allowedNet, ...dates })
    }),
  )

const updates = fc
  .tuple(nodes, fc.nat(), owners, fc.boolean(), fc.option(someScopes, { nil: undefined }), lifetimes)
  .map(([node, index, owner, enabled, held, lifetime]) =>
    command(
      `update(${index}, ${owner}, ${enabled})`,
      async (model, { nodes: real }) => {
        const key = pick(model, index)
        const expiresAt = lifetime === null ? undefined : new Date(model.now + lifetime)
        const options = { enabled, scopes: held, expiresAt }
        const result = await real[node].keys.update(owner, ann, key.id, options)
        const next = { ...key, expiresAt: expiresAt ?? key.expiresAt }
        if (owner !== key.owner) return expectReason(result, 'not_found')
        if (key.revokedAt !== null) return expectReason(result, 'revoked')
        if (enabled && keyState(next, model.now) === 'expired') return expectReason(result, 'expired')
        if (next.expiresAt && next.notBefore && next.notBefore >= next.expiresAt) {
          return expectReason(result, 'invalid')
        }
        must(result)
        const disabledAt = enabled ? null : (key.disabledAt ?? new Date(model.now))
        Object.assign(key, { expiresAt: next.expiresAt, disabledAt, scopes: held ?? key.scopes })
        await expectVerdict(real[node], model, key)
      },
      withKeys,
    ),
  )

const restricts = fc.tuple(nodes, fc.nat(), nets).map(([node, index, allowedNet]) =>
  command(
    `restrict(${index}, ${allowedNet})`,
    async (model, { nodes: real }) => {
      const key = pick(model, index)
      const change = { allowedIps: addressesIn(allowedNet) }
      const result = await real[node].keys.update(key.owner, ann, key.id, change)
      if (key.revokedAt !== null) return expectReason(result, 'revoked')
      expect(must(result).apiKey.allowedIps).toEqual(change.allowedIps)
      key.allowedNet = allowedNet
      await expectVerdict(real[node], model, key)
    },
    withKeys,
  ),
)

const reasons = fc.constantFrom<RevocationReason>('unspecified', 'keyCompromise', 'superseded')

const revokes = fc.tuple(nodes, fc.nat(), owners, reasons).map(([node, index, owner, reason]) =>
  command(
    `revoke(${index}, ${owner}, ${reason})`,
    async (model, { nodes: real }) => {
      const key = pick(model, index)
      const result = await real[node].keys.revoke(owner, ann, key.id, { reason })
      if (owner !== key.owner) return expectReason(result, 'not_found')
      if (!isRevocable(key, reason)) return expectReason(result, 'revoked')
      must(result)
      revoke(model, key, reason)
      await expectVerdict(real[node], model, key)
    },
    withKeys,
  ),
)

const revoked = ({ keys }: Readonly<Model>) => keys.filter(({ revokedAt }) => revokedAt !== null)

const restores = fc.tuple(nodes, fc.nat()).map(([node, index]) =>
  command(
    `restore(${index})`,
    async (model, { nodes: real }) => {
      const key = revoked(model)[index % revoked(model).length]!
      const result = await real[node].keys.restore(key.owner, ann, key.id)
      const refusal = restoreRefusal(model, key)
      if (refusal !== null) return expectReason(result, refusal)
      must(result)
      restore(key)
      await expectVerdict(real[node], model, key)
    },
    (model) => revoked(model).length > 0,
  ),
)

const bulks = fc
  .tuple(nodes, owners, fc.constantFrom('revoke' as const, 'restore' as const), reasons)
  .map(([node, owner, action, reason]) =>
    command(
      `bulk(${owner}, ${action}, ${reason})`,
      async (model, { nodes: real }) => {
        const ids = model.keys.map(({ id }) => id)
        const options = action === 'revoke' ? { action, reason } : { action }
        const { results } = must(await real[node].keys.changeMany(owner, ann, ids, options))
        for (const [place, key] of model.keys.entries()) {
          const result = results[place]!
          const refusal = action === 'restore' ? restoreRefusal(model, key) : null
          if (owner !== key.owner) expectReason(result, 'not_found')
          else if (refusal !== null) expectReason(result, refusal)
          else if (action === 'restore') restore(key)
          else if (!isRevocable(key, reason)) expectReason(result, 'revoked')
          else revoke(model, key, reason)
        }
        for (const key of model.keys) if (key.owner === owner) await expectVerdict(real[node], model, key)
      },
      withKeys,
    ),
  )

const selfRevokes = fc.tuple(nodes, fc.nat(), fc.boolean(), reasons).map(([node, index, isOld, reason]) =>
  command(
    `selfRevoke(${index}, ${isOld}, ${reason})`,
    async (model, { nodes: real }) => {
      const key = pick(model, index)
      const old = isOld ? key.old : null
      const held = await real[node].holders.recognise(old?.secret ?? key.secret)
      const state = keyState(key, model.now)
      const isOver = old !== null && old.endsAt <= model.now
      if (state === 'revoked') return expectReason(held, state)
      if (isOver) return expectReason(held, 'retired')
      if (state === 'expired') return expectReason(held, state)
      must(await real[node].holders.revoke(must(held), { reason }))
      if (old === null) revoke(model, key, reason)
      else old.endsAt = model.now
      await expectVerdict(real[node], model, key)
    },
    withKeys,
  ),
)

/** Beyond what is revoked, it may only be said that a secret leaked. */
function isRevocable({ revokedAt, reason }: ModelKey, wanted: RevocationReason): boolean {
  return revokedAt === null || (wanted === 'keyCompromise' && reason !== wanted)
}

function revoke(model: Model, key: ModelKey, reason: RevocationReason): void {
  key.revokedAt ??= new Date(model.now)
  key.reason = reason
}

function hasRoom({ keys }: Model, owner: string): boolean {
  return keys.filter((key) => key.owner === owner && key.revokedAt === null).length < MAX_KEYS
}

function restoreRefusal(model: Model, { owner, revokedAt, reason }: ModelKey): string | null {
  if (revokedAt === null) return 'not_revoked'
  if (reason === 'keyCompromise') return 'compromised'
  if (revokedAt.getTime() + RESTORE_WINDOW_SECONDS * 1_000 <= model.now) return 'too_late'
  return hasRoom(model, owner) ? null : 'too_many_keys'
}

function restore(key: ModelKey): void {
  key.revokedAt = null
  key.reason = null
}

const rotates = fc
  .tuple(nodes, fc.nat(), owners, fc.integer({ min: 0, max: 2 }))
  .map(([node, index, owner, grace]) =>
    command(
      `rotate(${index}, ${owner}, ${grace})`,
      async (model, { nodes: real }) => {
        const key = pick(model, index)
        const result = await real[node].keys.rotate(owner, ann, key.id, { gracePeriodSeconds: grace })
        const state = keyState(key, model.now)
        if (owner !== key.owner) return expectReason(result, 'not_found')
        if (state === 'revoked' || state === 'expired') return expectReason(result, state)
        if (grace > 0 && isRetiring(key, model)) return expectReason(result, 'retiring')
        const endsAt = Math.min(model.now + grace * 1_000, key.expiresAt?.getTime() ?? Infinity)
        key.old = { secret: key.secret, endsAt }
        key.secret = must(result).secret
        await expectVerdict(real[node], model, key)
      },
      withKeys,
    ),
  )

const retires = fc.tuple(nodes, fc.nat(), fc.integer({ min: 0, max: 2 })).map(([node, index, grace]) =>
  command(
    `retire(${index}, ${grace})`,
    async (model, { nodes: real }) => {
      const key = pick(model, index)
      const result = await real[node].keys.retire(key.owner, ann, key.id, grace)
      if (key.revokedAt !== null) return expectReason(result, 'revoked')
      if (!isRetiring(key, model)) return expectReason(result, 'not_retiring')
      must(result)
      key.old!.endsAt = Math.min(model.now + grace * 1_000, key.expiresAt?.getTime() ?? Infinity)
      await expectVerdict(real[node], model, key)
    },
    withKeys,
  ),
)

function isRetiring({ old }: ModelKey, { now }: Model): boolean {
  return old !== null && old.endsAt > now
}

const restarts = nodes.map((node) =>
  command(`restart(${node})`, async (_, real) => {
    await real.nodes[node].close()
    real.nodes[node] = await real.open()
  }),
)

const verifies = fc.tuple(nodes, fc.nat()).map(([node, index]) =>
  command(
    `verify(${index})`,
    async (model, { nodes: real }) => {
      const key = pick(model, index)
      // The other node hears of a change a moment later.
      await expect.poll(() => expectVerdict(real[node], model, key).then(() => true)).toBe(true)
    },
    withKeys,
  ),
)

const lists = fc
  .tuple(
    nodes,
    owners,
    fc.subarray([...KEY_STATES]),
    fc.integer({ min: 1, max: 5 }),
    fc.constantFrom('createdAt' as const, 'name' as const),
  )
  .map(([node, owner, states, limit, sort]) =>
    command(`list(${owner}, ${states.join()})`, async (model, { nodes: real }) => {
      const found: string[] = []
      let cursor: string | undefined
      do {
        const page = must(await real[node].keys.list(owner, { status: states, limit, sort, cursor }))
        found.push(...page.data.map(({ id }) => id))
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined)
      const wanted: readonly KeyState[] =
        states.length > 0 ? states : ['active', 'pending', 'disabled', 'expired']
      const expected = model.keys.filter(
        (key) => key.owner === owner && wanted.includes(keyState(key, model.now)),
      )
      expect(found.sort()).toEqual(expected.map(({ id }) => id).sort())
    }),
  )

const waits = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 900, max: 2_100 })).map((ms) =>
  command(`wait(${ms})`, async (model, { clock }) => {
    model.now += ms
    clock.now += ms
  }),
)

/** From an address of either network, of neither, and from none. */
async function expectVerdict(node: Latchkey, model: Model, key: ModelKey): Promise<void> {
  for (const net of [10, 20, 30, undefined]) await expectVerdictFrom(net, node, model, key)
}

async function expectVerdictFrom(
  net: number | undefined,
  node: Latchkey,
  model: Model,
  key: ModelKey,
): Promise<void> {
  const caller = { ip: net === undefined ? undefined : `${net}.1.2.3` }
  const state = keyState(key, model.now)
  const mayRead = key.scopes.includes('contacts:read')
  const verdict = await node.verify(key.secret, { scopes: ['contacts:read'] }, caller)
  const isThere = key.allowedNet === null || key.allowedNet === net
  const refusal = isThere ? (mayRead ? 'ok' : 'insufficient_scope') : 'address_not_allowed'
  const reason = state === 'active' ? refusal : state
  expect(verdict.ok ? 'ok' : verdict.reason).toBe(reason)
  expect(verdict.key).toMatchObject({ id: key.id, owner: key.owner })
  if (key.old === null) return
  const before = await node.verify(key.old.secret, { scopes: ['contacts:read'] }, caller)
  const isOver = state !== 'revoked' && key.old.endsAt <= model.now
  expect(before.ok ? 'ok' : before.reason).toBe(isOver ? 'retired' : reason)
  expect(before.key?.id).toBe(key.id)
}

function expectReason(result: { ok: boolean }, reason: string): void {
  expect(result).toMatchObject({ ok: false, reason })
}

const databases = testDatabases.filter(({ name }) => name !== 'PGlite in a folder')

describe.each(databases)('any sequence of calls on $name', ({ create }) => {
  it('does what a simple model of keys does', async () => {
    const made = await create()
    const database = await openDatabase(made.target)
    const ends = [revokes, selfRevokes, restores, restores, bulks]
    const changes = [creates, creates, updates, restricts, rotates, retires]
    const all = [...changes, ...ends, verifies, lists, waits, restarts]
    const commands = fc.commands(all, { maxCommands: 40 })
    let run = 0
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        const start = Date.parse('2026-06-01T00:00:00Z')
        const clock = { now: start }
        const bounds = { restoreWindowSeconds: RESTORE_WINDOW_SECONDS, maxKeysPerOwner: MAX_KEYS }
        const namespace = `run${(run += 1)}`
        const options = { database, scopes, namespace, now: () => clock.now, ...bounds }
        const open = () => createLatchkey(options)
        const both: Real['nodes'] = [await open(), await open()]
        await fc.asyncModelRun(
          () => ({ model: { now: start, keys: [] }, real: { nodes: both, clock, open } }),
          sequence,
        )
        await Promise.all(both.map((node) => node.close()))
      }),
      { numRuns: 40 },
    )
    expect(run).toBeGreaterThanOrEqual(40)
    await database.close()
    await made.remove()
  })
})
