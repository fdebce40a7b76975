import type { Author, Latchkey } from '@latchkey/fastify'
import type { FastifyRequest } from 'fastify'

type Details = Record<string, string | number | boolean | null>

/** What an operator looked at, or is about to do. */
export interface Look {
  /** The name of the operation. */
  operation: string
  details?: Details
  /** The workspaces that it is about, each with the key if it is about one. */
  concerns?: readonly { workspaceId: string; keyId?: string }[]
}

/** Under which name everything stands that operators do. No workspace has it, for the ids of theirs begin otherwise. */
export const operatorTrail = 'operators'

/** Who asks, and from where, for the audit trail. */
export function authorOf({ signedIn, ip, headers, id: requestId }: FastifyRequest): Author {
  const { id, name } = signedIn!.user
  return { id, name, type: 'person', from: { address: ip, userAgent: headers['user-agent'], requestId } }
}

export type RecordLook = ReturnType<typeof createLooks>

/**
 * Records what operators look at: in a trail of their own, and in that of each workspace that a look is about, whose owners
 * can see it there. It rejects when that cannot be stored, and then nothing must be shown.
 */
export function createLooks(audit: Latchkey['audit']) {
  return async function recordLook(
    request: FastifyRequest,
    { operation, details = {}, concerns = [] }: Look,
  ): Promise<void> {
    const action = 'operator.looked' as const
    const inTheirs = concerns.map(({ workspaceId, keyId }) => ({
      ...{ owner: workspaceId, action, keyId },
      details: { operation },
    }))
    const inOurs = { owner: operatorTrail, action, details: { operation, ...details } }
    await audit.record([inOurs, ...inTheirs], authorOf(request))
  }
}
