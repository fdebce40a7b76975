import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PreparedRequests } from './wrk.ts'

/** Writes requests that come in turn, each credential once. */
export function prepareInTurn(
  folder: string,
  name: string,
  credentials: readonly string[],
): PreparedRequests {
  return write(
    folder,
    name,
    credentials,
    Array.from(credentials, (_, i) => i + 1),
  )
}

/**
 * Writes requests as popularity has it: the credential of rank k comes as often as 1/k says (Zipf's law, exponent 1).
 * The order is the same in every run.
 */
export function prepareByZipf(
  folder: string,
  name: string,
  credentials: readonly string[],
  length = 500_000,
): PreparedRequests {
  const cumulative: number[] = []
  let sum = 0
  for (let rank = 1; rank <= credentials.length; rank++) cumulative.push((sum += 1 / rank))
  const random = generator(20_26)
  const order = Array.from({ length }, () => firstAbove(cumulative, random() * sum) + 1)
  return write(folder, name, credentials, order)
}

function write(
  folder: string,
  name: string,
  credentials: readonly string[],
  order: readonly number[],
): PreparedRequests {
  const credentialsFile = join(folder, `${name}-credentials`)
  const orderFile = join(folder, `${name}-order`)
  writeFileSync(credentialsFile, credentials.join('\n'))
  writeFileSync(orderFile, order.join('\n'))
  return { credentialsFile, orderFile }
}

function firstAbove(cumulative: readonly number[], value: number): number {
  let low = 0
  let high = cumulative.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (cumulative[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}

/** Numbers from 0 to 1 that are the same at every run (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
