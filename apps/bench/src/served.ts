import { startChild, type Child } from './child.ts'
import type { ContenderSettings } from './contenders/contender.ts'
import { cpuMsOf } from './machine.ts'
import { secretAt } from './secrets.ts'
import { load, type Load, type LoadResult } from './wrk.ts'

/** A contender's server that runs and was seen to let in whom it should, and nobody else. */
export interface Served {
  id: string
  url: string
  headers: Record<string, string>
  process: Child<unknown>
  /** Puts a load on it. */
  load(given: Omit<Load, 'url'> & { url?: string }): Promise<ServedLoad>
}

/** What a load was, from both ends. */
export interface ServedLoad extends LoadResult {
  /** What the server's process computed per request. */
  cpuMicroseconds: number
}

/** Starts a contender's server on the given core and asks it with and without a key. */
export async function serve(
  id: string,
  core: string,
  settings: ContenderSettings & { contender: string },
  { check = true } = {},
): Promise<Served> {
  const child = await startChild<{ url: string; headers?: Record<string, string> }>('server.ts', {
    core,
    settings,
  })
  const { url, headers = { authorization: `Bearer ${secretAt(0)}` } } = child.message
  if (check && settings.reply === undefined) {
    await assertStatus(id, url, headers, 200)
    if (settings.contender !== 'none') await assertStatus(id, url, {}, 401)
  }
  return {
    id,
    url,
    headers,
    process: child,
    async load(given) {
      const before = cpuMsOf(child.pid)
      const result = await load({ url, headers, ...given })
      const cpuMicroseconds = ((cpuMsOf(child.pid) - before) * 1_000) / result.requests
      return { ...result, cpuMicroseconds }
    },
  }
}

async function assertStatus(
  id: string,
  url: string,
  headers: Record<string, string>,
  status: number,
): Promise<void> {
  const response = await fetch(url, { headers })
  const body = await response.text()
  if (response.status !== status) throw new Error(`${id} answered ${response.status}, not ${status}: ${body}`)
}
