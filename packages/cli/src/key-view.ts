import {
  expiresSoon,
  keyState,
  restorableUntil,
  rotationDueAt,
  type ApiKey,
  type RevocationReceipt,
} from '@latchkey/engine'
import type { Output } from './output.ts'
import { table, type Column } from './table.ts'

/** A key as scripts get it: the engine's record, of which no part is secret, and what the clock makes of it. */
export function keyJson(key: ApiKey) {
  const nowMs = Date.now()
  return {
    ...key,
    status: keyState(key, nowMs),
    expiresSoon: expiresSoon(key, nowMs),
    rotationDueAt: rotationDueAt(key),
    revocation: key.revocation && { ...key.revocation, restorableUntil: restorableUntil(key, nowMs) },
  }
}

const COLOURS = {
  active: 'green',
  pending: 'yellow',
  disabled: 'yellow',
  expired: 'red',
  revoked: 'red',
} as const

/** Keys as people get them. */
export function keyTable(
  keys: readonly ApiKey[],
  { colour, columns }: Pick<Output, 'colour' | 'columns'>,
): string {
  const nowMs = Date.now()
  const statusColumn: Column<ApiKey> = {
    title: 'STATUS',
    cell: (key) => keyState(key, nowMs),
    style: (text, key) => colour(COLOURS[keyState(key, nowMs)], text),
  }
  return table<ApiKey>(
    [
      { title: 'ID', cell: ({ id }) => id },
      { title: 'NAME', cell: ({ name }) => name, minWidth: 12 },
      statusColumn,
      { title: 'START', cell: ({ start }) => start },
      { title: 'SCOPES', cell: ({ scopes }) => scopes.join(' ') || '-', minWidth: 8, isOptional: true },
      { title: 'CREATED', cell: ({ createdAt }) => day(createdAt), isOptional: true },
      { title: 'EXPIRES', cell: ({ expiresAt }) => day(expiresAt) },
      { title: 'LAST USED', cell: ({ lastUsedAt }) => minute(lastUsedAt), isOptional: true },
    ],
    keys,
    columns,
  )
}

/** How far a change has come: on how many of the open Latchkeys, of which this command is one. */
export function receiptText({ nodes, confirmed, afterMs }: RevocationReceipt): string {
  if (nodes === 0) return 'Nothing is known of other nodes.'
  const among = `${confirmed} of ${nodes} nodes, this command among them`
  if (confirmed < nodes) return `Refused by ${among}; by the others within seconds.`
  return `Refused by ${among}${afterMs === null ? '' : `, after ${Math.round(afterMs)} ms`}.`
}

function day(moment: Date | null): string {
  return moment?.toISOString().slice(0, 10) ?? '-'
}

function minute(moment: Date | null): string {
  return moment?.toISOString().slice(0, 16).replace('T', ' ') ?? '-'
}
