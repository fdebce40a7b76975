import { revisionOf, type ApiKey as ApiKeyRecord } from '@latchkey/engine'
import type { FastifyReply } from 'fastify'
import { toApiKeyJson } from './api-key-json.ts'
import { ProblemError } from './problem.ts'
import type { ApiKey } from './schemas.ts'

/** How the document tells the header of a reply that carries one key. */
export const etagHeader = {
  ETag: {
    type: 'string',
    description:
      'Names what the key says, for `If-Match`. It changes with every change that somebody makes, and not with the uses of the key.',
  },
}

/** Shows a key to its owner, with the tag by which the next change can say that it rests on this. */
export function showApiKey(reply: FastifyReply, key: ApiKeyRecord): ApiKey {
  reply.header('etag', `"${revisionOf(key)}"`)
  return toApiKeyJson(key)
}

/** One entity tag of a list (RFC 9110, section 8.8.3), with what separates it from the next. */
const NEXT_TAG = /[ \t,]*(?:(W\/)?"([\x21\x23-\x7E\x80-\xFF]*)"[ \t]*(?:,|$))?/y

/**
 * Reads `If-Match`: the revisions of which the key must be one, or undefined when any will do. A weak tag, as a proxy makes
 * one of ours when it compresses, never matches (RFC 9110, section 13.1.1).
 */
export function readIfMatch(header: string | undefined): readonly string[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  const revisions: string[] = []
  let tags = 0
  NEXT_TAG.lastIndex = 0
  while (NEXT_TAG.lastIndex < header.length) {
    const [text, weak, revision] = NEXT_TAG.exec(header) ?? ['']
    if (text === '') throw malformed()
    if (revision === undefined) continue
    tags += 1
    if (weak === undefined) revisions.push(revision)
  }
  if (tags === 0) throw malformed()
  return revisions
}

function malformed(): ProblemError {
  const message = 'must be *, or one or more tags as the header ETag has them, in double quotes'
  return new ProblemError('invalid_request', { errors: [{ field: 'if-match', message }] })
}
