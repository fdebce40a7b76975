import { STATUS_CODES } from 'node:http'

/** What each refusal means here, for the reference. */
const meanings: Record<number, string> = {
  400: 'The request is not valid; `errors` names the fields.',
  401: 'There is no live session, or the credentials are wrong.',
  403: 'Refused: `code` says why.',
  404: 'There is no such thing in your workspace.',
  409: 'Not any more: `code` says why.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  429: 'Too many attempts.',
  503: 'Temporarily unavailable.',
}

/** The responses of an operation that may answer with these statuses, each with a problem document. */
export function problemReplies(...statuses: number[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: meanings[status] ?? STATUS_CODES[status],
        content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
      },
    ]),
  )
}
