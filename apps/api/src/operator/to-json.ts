import { keyState, type ApiKeyRecord, type NodeStatus, type Suspension } from '@latchkey/fastify'
import type { FoundKey, Node, OperatorWorkspace } from './schemas.ts'
import type { WorkspaceRow } from './workspaces.ts'

export function toWorkspace({
  id,
  name,
  createdAt,
  people,
  keys,
  suspension,
}: WorkspaceRow): OperatorWorkspace {
  return { id, name, createdAt: createdAt.toISOString(), people, keys, suspension: toSuspension(suspension) }
}

export function toSuspension(suspension: Suspension | null): { since: string; reason: string } | null {
  return suspension && { since: suspension.since.toISOString(), reason: suspension.reason }
}

/** Enough to tell which key it is and whether it works; what it may do is its workspace's affair. */
export function toFoundKey(
  key: ApiKeyRecord,
  { name, suspension }: { name: string | null; suspension: Suspension | null },
): FoundKey {
  return {
    id: key.id,
    workspace: { id: key.owner, name, suspension: toSuspension(suspension) },
    name: key.name,
    kind: key.kind,
    environment: key.environment,
    status: keyState(key, Date.now()),
    start: key.start,
    createdAt: key.createdAt.toISOString(),
    createdBy: key.createdBy.name,
    expiresAt: key.expiresAt?.toISOString() ?? null,
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
  }
}

export function toNode({ id, host, version, isSelf, isAlive, seenAt, isListening, lagMs }: NodeStatus): Node {
  const feed = isListening ? 'listening' : 'polling'
  return {
    ...{ id, host, version, self: isSelf, live: isAlive, seenAt: seenAt.toISOString(), lagMs },
    feed: isListening === null ? null : feed,
  }
}
