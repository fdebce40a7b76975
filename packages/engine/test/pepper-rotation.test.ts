import { fork, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { createLatchkey, openDatabase, type PepperOptions } from '@latchkey/engine'
import { freshDatabase, type FreshDatabase } from '@latchkey/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Order } from './pepper-node.ts'
import { ann, must } from './set-up.ts'

const script = new URL('pepper-node.ts', import.meta.url)
const p1 = randomBytes(32).toString('base64')
const p2 = randomBytes(32).toString('base64')

let server: FreshDatabase
beforeAll(async () => {
  server = await freshDatabase()
})
afterAll(() => server.drop())

const nodes = new Set<ChildProcess>()
afterEach(() => {
  for (const node of nodes) node.kill('SIGKILL')
  nodes.clear()
})

let namespaces = 0
const aNamespace = () => `n${++namespaces}`

async function startNode(namespace: string, peppers?: PepperOptions): Promise<ChildProcess> {
  const node = fork(script, [server.url, JSON.stringify({ namespace, peppers })], {
    execArgv: ['--conditions=@latchkey/source'],
  })
  nodes.add(node)
  expect((await once(node, 'message'))[0]).toBe('ready')
  return node
}

const tell = (node: ChildProcess, order: Order) => node.send(order)

async function stop(node: ChildProcess): Promise<Record<string, number>> {
  tell(node, { verb: 'stop' })
  for (;;) {
    const [message] = (await once(node, 'message')) as [Record<string, number>]
    if ('applied' in message) continue
    await once(node, 'exit')
    nodes.delete(node)
    return message
  }
}

async function createKeys(namespace: string, count: number, peppers?: PepperOptions): Promise<string[]> {
  const latchkey = await createLatchkey({ database: server.url, namespace, peppers })
  const secrets: string[] = []
  for (let i = 0; i < count; i++) {
    const { secret, apiKey } = must(await latchkey.keys.create('owner', ann, { name: 'k' }))
    secrets.push(secret)
    if (i % 4 === 0) {
      const grace = { gracePeriodSeconds: 600 }
      secrets.push(must(await latchkey.keys.rotate('owner', ann, apiKey.id, grace)).secret)
    }
  }
  await latchkey.close()
  return secrets
}

/** How many secrets are under what, by a database of its own. */
async function counts(namespace: string, peppers: PepperOptions) {
  const latchkey = await createLatchkey({ database: server.url, namespace, peppers })
  const status = await latchkey.peppers!.status()
  await latchkey.close()
  return Object.fromEntries(
    status.counts.map(({ pepper, keys, retiredSecrets }) => [pepper ?? 'none', keys + retiredSecrets]),
  )
}

describe('a rotation of peppers under load', () => {
  it('refuses no good key: a pepper is added, made current, applied, replaced and taken out, node by node', async () => {
    const namespace = aNamespace()
    const secrets = await createKeys(namespace, 120)
    expect(secrets).toHaveLength(150)
    const steps: (PepperOptions | undefined)[] = [
      undefined,
      { current: null, keys: { p1 } },
      { current: 'p1', keys: { p1 } },
      { current: 'p1', keys: { p1, p2 } },
      { current: 'p2', keys: { p1, p2 } },
      { current: 'p2', keys: { p2 } },
    ]
    const outcomes: Record<string, number>[] = []
    let running: ChildProcess[] = []
    for (const [at, peppers] of steps.entries()) {
      // What is under the pepper that goes has moved by then: every key is in use.
      if (at === steps.length - 1) {
        await expect
          .poll(() => counts(namespace, steps[at - 1]!), { timeout: 60_000 })
          .toEqual({
            none: 0,
            p1: 0,
            p2: 150,
          })
      }
      const next: ChildProcess[] = []
      for (let place = 0; place < 3; place++) {
        const node = await startNode(namespace, peppers)
        tell(node, { verb: 'hammer', secrets })
        next.push(node)
        const former = running[place]
        if (former) outcomes.push(await stop(former))
      }
      running = next
      if (at === 2) tell(running[0]!, { verb: 'apply' })
      if (at === 2)
        await expect.poll(() => counts(namespace, peppers!), { timeout: 60_000 }).toMatchObject({ none: 0 })
    }
    for (const node of running) outcomes.push(await stop(node))

    const total: Record<string, number> = {}
    for (const one of outcomes) {
      for (const [outcome, count] of Object.entries(one)) total[outcome] = (total[outcome] ?? 0) + count
    }
    expect(Object.keys(total)).toEqual(['ok'])
    expect(total['ok']).toBeGreaterThan(18 * secrets.length)
  }, 180_000)

  it('loses nothing to a kill -9 in the middle, and goes on where it was', async () => {
    const namespace = aNamespace()
    const secrets = await createKeys(namespace, 40)
    const database = await openDatabase(server.url)
    // Many more, which nobody needs to verify.
    await database.query(
      `insert into latchkey.keys (id, created_at, owner_id, hash, start, name, environment, scopes, created_by_id)
        select gen_random_uuid(), now(), id, sha256(n::text::bytea || $1::text::bytea), 'lk', 'k', 'live', '', 'u'
        from latchkey.owners, generate_series(1, 6000) as n where namespace = $1`,
      [namespace],
    )
    const peppers: PepperOptions = { current: 'p1', keys: { p1 } }
    let applied = 0
    for (let kill = 0; kill < 3; kill++) {
      const node = await startNode(namespace, peppers)
      tell(node, { verb: 'apply' })
      const [progress] = (await once(node, 'message')) as [{ applied: number }]
      applied += progress.applied
      node.kill('SIGKILL')
      await once(node, 'exit')
    }
    expect(applied).toBeGreaterThan(0)
    expect(applied).toBeLessThan(6_050)

    const latchkey = await createLatchkey({ database, namespace, peppers })
    await latchkey.peppers!.apply()
    expect(await latchkey.peppers!.apply()).toEqual({ applied: 0 })
    const { counts: after } = await latchkey.peppers!.status()
    expect(after).toEqual([
      { pepper: null, keys: 0, retiredSecrets: 0 },
      { pepper: 'p1', keys: 6_040, retiredSecrets: 10 },
    ])
    for (const secret of secrets) expect(await latchkey.verify(secret)).toMatchObject({ ok: true })
    await latchkey.close()
    await database.close()
  }, 120_000)
})

describe('a process that cannot work with its peppers', () => {
  async function startAndFail(namespace: string, peppers: unknown): Promise<{ code: number; told: string }> {
    const options = JSON.stringify({ namespace, peppers })
    const child = spawn(
      process.execPath,
      ['--conditions=@latchkey/source', script.pathname, server.url, options],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const [told, exit] = await Promise.all([text(child.stderr), once(child, 'exit')])
    const [code] = exit as [number]
    expect(told).not.toContain(p1)
    expect(told).not.toContain(p2)
    return { code, told }
  }

  it.each([
    ['is missing', { current: 'p1', keys: { p1: '' } }],
    ['is shorter than 32 bytes', { current: 'p1', keys: { p1: 'Xq3' } }],
    ['is a placeholder', { current: 'p1', keys: { p1: 'changeme'.repeat(8) } }],
    ['is the same as', { current: 'p1', keys: { p1, p2: p1 } }],
    ['must be one of', { current: 'p3', keys: { p1 } }],
  ])('ends with an error that says it %s', async (problem, peppers) => {
    const { code, told } = await startAndFail(aNamespace(), peppers)
    expect(code).toBe(1)
    expect(told).toMatch(new RegExp(`Error: peppers\\.\\S+ .*${problem}`))
  })

  it('ends with the number of keys that it would refuse', async () => {
    const namespace = aNamespace()
    await createKeys(namespace, 4, { current: 'p1', keys: { p1 } })
    for (const peppers of [{ current: 'p2', keys: { p2 } }, undefined]) {
      const { code, told } = await startAndFail(namespace, peppers)
      expect(code).toBe(1)
      expect(told).toContain('4 keys and 1 replaced secrets are stored under the pepper "p1"')
    }
    const { code, told } = await startAndFail(namespace, { current: 'p1', keys: { p1: p2 } })
    expect(code).toBe(1)
    expect(told).toContain('peppers.keys.p1 is not the "p1" that this database knows')
  })
})
