import { problemDocument } from './problem-document.ts'
import { PROBLEMS, ProblemError, type ProblemCode, type ProblemKind, type ProblemOptions } from './problem.ts'
import type { Problem } from './problem-schema.ts'

/** The name of the schema of every problem, among the document's components. */
const PROBLEM_REFERENCE = { $ref: '#/components/schemas/ApiKeyProblem' }

const RATE_LIMIT_HEADERS = {
  'Retry-After': { type: 'integer', description: 'After how many seconds the same request is accepted.' },
  'RateLimit-Policy': {
    type: 'string',
    description: 'The limits of the key: units (`q`) in a window of seconds (`w`), by name.',
  },
  RateLimit: {
    type: 'string',
    description: 'What is left of them: units (`r`), and seconds until more come back (`t`), by name.',
  },
}

/** What those problems tell beside their text that tell more. */
const EXAMPLE_OPTIONS: Partial<Record<ProblemCode, ProblemOptions>> = {
  invalid_request: { errors: [{ field: 'name', message: 'is required' }] },
  rate_limited: { violatedPolicies: ['burst'] },
}

/** The responses of an operation that may answer with these problems: one for each status, with an example of each code. */
export function problemResponses(codes: readonly ProblemCode[]): Record<number, object> {
  const responses: Record<number, object> = {}
  for (const [status, kinds] of Map.groupBy(codes, (code) => PROBLEMS[code].status)) {
    responses[status] = {
      description: kinds.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
      ...responseHeaders(status),
      content: {
        'application/problem+json': {
          schema: PROBLEM_REFERENCE,
          examples: Object.fromEntries(kinds.map((code) => [code, { value: exampleOf(code) }])),
        },
      },
    }
  }
  return responses
}

function exampleOf(code: ProblemCode): Problem {
  return problemDocument(new ProblemError(code, EXAMPLE_OPTIONS[code]), 'req-1')
}

function responseHeaders(status: number): { headers?: object } {
  if (status === 429) return { headers: RATE_LIMIT_HEADERS }
  if (status === 401 || status === 403) {
    return {
      headers: {
        'WWW-Authenticate': {
          type: 'string',
          description: 'How to authenticate, and what was wrong (RFC 6750).',
        },
      },
    }
  }
  const kind: ProblemKind | undefined = Object.values(PROBLEMS).find((known) => known.status === status)
  if (kind?.headers?.['retry-after'] === undefined) return {}
  return {
    headers: { 'Retry-After': { type: 'integer', description: 'After how many seconds to try again.' } },
  }
}
