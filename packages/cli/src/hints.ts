import type { StoreUnavailable } from '@latchkey/engine'

const BY_SQL_STATE: Readonly<Record<string, string>> = {
  '08P01': 'A pooler refuses so what Latchkey sets on a connection: add ?pgbouncer=true to the URL.',
  '28000': 'The role may not sign in from here.',
  '28P01': 'The user or the password is wrong.',
  '3D000': 'There is no database of that name on the server.',
  '42501': 'The role lacks a right: see `latchkey doctor`.',
  '53300': 'The server has no connection left.',
}

const BY_SYSTEM_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there. Is the server running, and is the port right?',
  ENOTFOUND: 'There is no such host.',
  CONNECT_TIMEOUT: 'Nothing answered there. Is it reachable from here?',
}

/** What somebody could do about it, with a space before; empty where nothing is known. */
export function hintFor({ sqlState, message }: StoreUnavailable): string {
  const systemCode = /\(([A-Z0-9_]+)\)\.$/.exec(message)?.[1] ?? ''
  const hint = sqlState === null ? BY_SYSTEM_CODE[systemCode] : BY_SQL_STATE[sqlState]
  return hint === undefined ? '' : ` ${hint}`
}
