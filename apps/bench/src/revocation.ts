import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { createHttpClient, type HttpClient } from './http-client.ts'
import { serve, type Served } from './served.ts'
import { withDatabase, type Setting } from './setting.ts'
import { quantile } from './statistics.ts'

export interface RevocationFigures {
  trials: number
  processes: number
  /** Milliseconds from the DELETE's request until a request was let through for the last time, trial by trial. */
  fromRequestMs: number[]
  /** The same from the DELETE's reply; negative when the last one was before the reply. */
  fromReplyMs: number[]
  p50: number
  p99: number
  p99FromReply: number
  /** How many trials ended with a receipt that names every process. */
  confirmed: number
}

const PROCESSES = 3

/** How long a revoked key still opens something on other nodes. */
export async function measureRevocation(setting: Setting): Promise<RevocationFigures> {
  return withDatabase(setting, async ({ url: databaseUrl }) => {
    const nodes: Served[] = []
    const clients = Array.from({ length: PROCESSES }, () => createHttpClient(1))
    try {
      for (let i = 0; i < PROCESSES; i++) {
        const settings = { contender: 'latchkey', databaseUrl }
        nodes.push(await serve(`node ${i}`, setting.cores.measured, settings, { check: false }))
      }
      const trials = setting.isShort ? 20 : 200
      const results: Trial[] = []
      for (let i = 0; i < trials; i++) {
        if (i % 20 === 0) setting.tell(`revocation ${i + 1} of ${trials}`)
        results.push(await revokeOnce(nodes, clients))
      }
      const fromRequestMs = results.map(({ fromRequestMs }) => fromRequestMs)
      const fromReplyMs = results.map(({ fromReplyMs }) => fromReplyMs)
      return {
        trials,
        processes: PROCESSES,
        fromRequestMs,
        fromReplyMs,
        p50: quantile(fromRequestMs, 0.5),
        p99: quantile(fromRequestMs, 0.99),
        p99FromReply: quantile(fromReplyMs, 0.99),
        confirmed: results.filter(({ isConfirmed }) => isConfirmed).length,
      }
    } finally {
      for (const client of clients) client.close()
      await Promise.all(nodes.map(({ process }) => process.stop()))
    }
  })
}

interface Trial {
  fromRequestMs: number
  fromReplyMs: number
  isConfirmed: boolean
}

/** Makes a key, uses it everywhere without a pause, and revokes it on the first node. */
async function revokeOnce(nodes: readonly Served[], clients: readonly HttpClient[]): Promise<Trial> {
  const manager = clients[0]!
  const keysUrl = new URL('/v1/api-keys', nodes[0]!.url).href
  const created = await manager.request('POST', keysUrl, {
    json: { name: 'To be revoked', scopes: ['contacts:read'] },
  })
  const { apiKey, secret } = JSON.parse(created.body) as { apiKey: { id: string }; secret: string }
  const headers = { authorization: `Bearer ${secret}` }

  const others = nodes.slice(1).map((node, i) => ({ url: node.url, client: clients[i + 1]! }))
  for (const { url, client } of others) {
    const { status } = await client.request('GET', url, { headers })
    if (status !== 200) throw new Error(`A new key was answered with ${status} on another node.`)
  }
  let isOver = false
  const lastSuccesses = others.map(async ({ url, client }) => {
    let lastSuccess = 0
    for (let refusals = 0; !isOver || refusals < 3;) {
      const { status } = await client.request('GET', url, { headers })
      if (status === 200) {
        lastSuccess = performance.now()
        refusals = 0
      } else refusals++
    }
    return lastSuccess
  })
  await pause(randomInt(5, 25))
  const requestedAt = performance.now()
  const { status, body } = await manager.request('DELETE', `${keysUrl}/${apiKey.id}`)
  const repliedAt = performance.now()
  isOver = true
  if (status >= 300) throw new Error(`A DELETE was answered with ${status}: ${body}`)

  const lastSuccess = Math.max(...(await Promise.all(lastSuccesses)))
  const { receipt } = (body === '' ? {} : JSON.parse(body)) as {
    receipt?: { nodes: number; confirmed: number }
  }
  return {
    fromRequestMs: lastSuccess - requestedAt,
    fromReplyMs: lastSuccess - repliedAt,
    isConfirmed: receipt?.confirmed === nodes.length,
  }
}
