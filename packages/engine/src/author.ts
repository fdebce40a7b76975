import type { Actor } from './key.ts'

/** What makes changes: people, keys that manage keys, and programs of the host. */
export const AUTHOR_TYPES = ['person', 'key', 'system'] as const
export type AuthorType = (typeof AUTHOR_TYPES)[number]

/** Where a change was asked for. */
export interface Origin {
  /** The IP address of whoever asked. */
  address?: string | null | undefined
  userAgent?: string | null | undefined
  /** By which logs call the request. */
  requestId?: string | null | undefined
}

/** Who makes a change, and where from: what the audit trail tells of it. Keys remember the id and the name. */
export interface Author extends Actor {
  /** `person` when left out. */
  type?: AuthorType | undefined
  from?: Origin | undefined
}

const MAX_ADDRESS_LENGTH = 64
const MAX_USER_AGENT_LENGTH = 256
const MAX_REQUEST_ID_LENGTH = 128

/** What a key remembers of an author. */
export function actorOf({ id, name }: Author): Actor {
  return { id, name }
}

/** What a transaction is told of who changes something in it, as its triggers read it. */
export function auditContext(
  { id, name, type = 'person', from = {} }: Author,
  source: 'import' | null = null,
): string {
  return JSON.stringify({
    actor: { type, id, name },
    address: storable(from.address, MAX_ADDRESS_LENGTH),
    userAgent: storable(from.userAgent, MAX_USER_AGENT_LENGTH),
    requestId: storable(from.requestId, MAX_REQUEST_ID_LENGTH),
    source,
  })
}

/** As much of a text as is kept, in characters that Postgres takes: strangers choose it, so it is no reason to fail. */
function storable(text: string | null | undefined, maxLength: number): string | null {
  if (text === null || text === undefined) return null
  return text.slice(0, maxLength).toWellFormed().replaceAll('\0', '\uFFFD')
}
