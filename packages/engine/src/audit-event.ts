import type { AuthorType } from './author.ts'
import type { Actor, JsonValue } from './key.ts'

/** What operators did, the people who run the host: recorded though nothing of a key has changed by it. */
export const OPERATOR_ACTIONS = ['operator.looked', 'operator.appointed', 'operator.dismissed'] as const
export type OperatorAction = (typeof OPERATOR_ACTIONS)[number]

/** Everything that is recorded. */
export const AUDIT_ACTIONS = [
  'key.created',
  'key.imported',
  'key.updated',
  'key.disabled',
  'key.enabled',
  'key.rotated',
  'key.secret_retired',
  'key.revoked',
  'key.restored',
  'key.purged',
  'policy.updated',
  'owner_scopes.updated',
  'owner.suspended',
  'owner.suspension_lifted',
  'owner.updated',
  ...OPERATOR_ACTIONS,
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** Fields of a record, by the names they have in JSON. */
export type AuditedFields = Record<string, JsonValue>

/** One change: who made it, when, from where, and what was there before and after. */
export interface AuditEvent {
  /** Its place in its owner's chain: 1 for the first, and no gaps. */
  sequence: number
  /** By the database's clock. */
  at: Date
  action: AuditAction
  /** null: what holds for all keys of the owner. */
  keyId: string | null
  /** null: somebody changed the database by hand. */
  actor: (Actor & { type: AuthorType }) | null
  address: string | null
  userAgent: string | null
  requestId: string | null
  /** As whom the change was made in the database. */
  databaseRole: string
  /** The fields that changed, as they were; null: there was nothing. */
  before: AuditedFields | null
  /** The same fields, as they are; null: there is nothing any more. */
  after: AuditedFields | null
  /** Of the event before it, in hexadecimal; 64 zeros before the first. */
  previousHash: string
  /** The SHA-256 of the text, in hexadecimal. */
  hash: string
  /** What the hash is of: the event as JSON, character by character as it was written. */
  text: string
}

/** An event as it is stored. What is beside the text repeats some of it. */
export interface StoredEvent {
  sequence: number
  at: Date
  action: string
  keyId: string | null
  actorId: string | null
  hash: string
  text: string
}

/** What a text says, without a check: it is what was hashed, and nobody but the database has written it. */
export interface AuditText extends Omit<AuditEvent, 'at' | 'hash' | 'text'> {
  namespace: string
  owner: string
  at: string
}

/** Reads an event. @throws SyntaxError when its text is no JSON, which somebody must have made of it. */
export function readEvent({ text, hash }: Pick<StoredEvent, 'text' | 'hash'>): AuditEvent {
  const { namespace: _, owner: __, at, ...told } = JSON.parse(text) as AuditText
  return { ...told, at: new Date(at), hash, text }
}
