/** How a kind of problem is told: its HTTP status, a title for people and, where the request adds nothing to say, its detail. */
export interface ProblemKind {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly headers?: Readonly<Record<string, string>>
  /** A registered type of problem, where there is one for it. */
  readonly type?: string
}

/**
 * Every problem Latchkey answers with, by its code. The set is closed: callers may switch over `code`, and a
 * code never changes its status or its meaning.
 */
export const PROBLEMS = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    detail: 'Something in the request is not as it must be; `errors` names the fields.',
  },
  invalid_json: {
    status: 400,
    title: 'The body is not valid JSON',
    detail: 'The body could not be read as JSON.',
  },
  multiple_credentials: {
    status: 400,
    title: 'More than one credential was sent',
    detail: 'Send the API key once: in Authorization: Bearer or in X-API-Key, not in both.',
  },
  unauthenticated: {
    status: 401,
    title: 'Credentials are missing',
    detail: 'The request carries no credentials that could be checked.',
  },
  reauthentication_required: {
    status: 401,
    title: 'A recent sign-in is needed',
    detail: 'The key can manage other keys. Prove once more who you are, then send the same request again.',
    // RFC 9470, section 3
    headers: { 'www-authenticate': 'Session error="insufficient_user_authentication"' },
  },
  invalid_key: { status: 401, title: 'The API key is not valid', detail: 'The API key is not valid.' },
  key_disabled: {
    status: 401,
    title: 'The API key is disabled',
    detail: 'The API key is disabled. Its owner can enable it again.',
  },
  key_expired: { status: 401, title: 'The API key has expired', detail: 'The API key has expired.' },
  key_pending: {
    status: 401,
    title: 'The API key is not good yet',
    detail: 'The API key is good from a later moment on, which its owner has set.',
  },
  key_revoked: { status: 401, title: 'The API key was revoked', detail: 'The API key was revoked.' },
  key_retired: {
    status: 401,
    title: 'The secret of the API key was replaced',
    detail: 'The API key has a newer secret, and the time in which this one still worked is over.',
  },
  wrong_environment: {
    status: 401,
    title: 'The API key is for another environment',
    detail: 'Live keys and test keys each open their own environment only.',
  },
  owner_suspended: {
    status: 403,
    title: 'The owner of the API key is suspended',
    detail:
      'None of its API keys opens anything, and none can be made or changed, until the suspension is lifted.',
  },
  insufficient_scope: {
    status: 403,
    title: 'The API key lacks a scope',
    detail: 'The API key is valid, but it lacks a scope that this request needs.',
  },
  address_not_allowed: {
    status: 403,
    title: 'The API key may not be used from this address',
    detail: 'The API key is bound to addresses, and that of this request is none of them.',
  },
  origin_not_allowed: {
    status: 403,
    title: 'The API key may not be used on this page',
    detail:
      'The API key works on the web pages that its owner has named; this request does not say, in the header Origin, that it comes from one of them.',
  },
  browser_not_allowed: {
    status: 403,
    title: 'The API key may not be used in a browser',
    detail:
      'This is a secret key: it must not stand in a web page, where everybody can read it. Call from your server, or use a publishable key; and rotate this one if it was in a page.',
  },
  secret_key_required: {
    status: 403,
    title: 'A secret API key is needed',
    detail: 'The API key is publishable: it opens only what asks for a scope that publishable keys may hold.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    detail: 'Your role allows you to see keys, not to change them.',
  },
  beyond_grant: {
    status: 403,
    title: 'This is more than you may hand out',
    detail: 'Nobody hands out more than they have, nor more than the owner of the key has.',
  },
  not_found: { status: 404, title: 'Not found', detail: 'There is nothing here.' },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed',
    detail: 'The header Allow lists the methods that are.',
  },
  request_timeout: {
    status: 408,
    title: 'The request took too long to arrive',
    detail: 'The request did not arrive in time.',
  },
  already_revoked: {
    status: 409,
    title: 'The key is revoked',
    detail: 'A revoked key cannot be changed. Restore it, if it can be, or create another one.',
  },
  already_expired: {
    status: 409,
    title: 'The key has expired',
    detail: 'An expired key can be neither enabled nor rotated. Give it a later expiresAt, or null.',
  },
  already_retiring: {
    status: 409,
    title: 'Two secrets of the key work already',
    detail:
      'The secret before the present one still works. End it first, wait for it, or rotate without a grace period.',
  },
  not_retiring: {
    status: 409,
    title: 'No replaced secret works',
    detail: 'The key has only one secret that works. What has ended cannot be brought back.',
  },
  too_many_keys: {
    status: 409,
    title: 'There are too many keys',
    detail: 'The owner has as many keys as are allowed. Delete one that is no longer needed.',
  },
  not_revoked: {
    status: 409,
    title: 'The key is not revoked',
    detail: 'Only a revoked key can be restored.',
  },
  not_restorable: {
    status: 409,
    title: 'The key cannot be restored',
    detail: 'The time within which this key could be restored is over. Create another one.',
  },
  idempotency_in_flight: {
    status: 409,
    title: 'The same request is still in progress',
    detail: 'A request with this Idempotency-Key is being carried out. Repeat it in a moment.',
  },
  precondition_failed: {
    status: 412,
    title: 'The key has changed since',
    detail:
      'None of the tags in If-Match is that of the key as it is. Read the key, see what has changed, and send the ETag of that reply.',
  },
  payload_too_large: { status: 413, title: 'The body is too large', detail: 'The body is too large.' },
  uri_too_long: { status: 414, title: 'The address is too long', detail: 'The address is too long.' },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not supported',
    detail: 'Send the body as Content-Type: application/json.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    detail: 'This Idempotency-Key came with another body before. Use a new one for a new request.',
  },
  rate_limited: {
    status: 429,
    title: 'The API key is used too often',
    detail: 'The API key has reached a rate limit. Wait as long as Retry-After says.',
    // draft-ietf-httpapi-ratelimit-headers, section 6.1
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
  },
  quota_exceeded: {
    status: 429,
    title: 'The API key has too few credits left',
    detail: 'The API key has fewer credits left than this request costs. Wait as long as Retry-After says.',
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many wrong API keys',
    detail:
      'Too many wrong API keys came from this address. Correct the key; a good one is accepted at once.',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    detail: 'The headers are too large.',
  },
  internal_error: {
    status: 500,
    title: 'Something went wrong',
    detail: 'The request failed through no fault of yours. Its requestId helps to find out why.',
  },
  unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    detail: 'The request could not be carried out just now. Try again in a moment.',
    headers: { 'retry-after': '1' },
  },
} as const satisfies Record<string, ProblemKind>

/** The stable name of a problem, as in the field `code` of a problem document. */
export type ProblemCode = keyof typeof PROBLEMS

/** One thing that is wrong with a request, by the name of its field. */
export interface FieldError {
  field: string
  message: string
}

/** What a problem may say beyond its kind. */
export interface ProblemOptions {
  detail?: string
  errors?: FieldError[]
  /** Response headers that belong to the problem, as `www-authenticate`. */
  headers?: Record<string, string>
  /** The names of the rate limits that were reached. */
  violatedPolicies?: readonly string[]
}

/**
 * A problem on its way to the response. Thrown where a request cannot be served, and by the hook in a host that
 * has an error handler of its own, which finds here what it needs to render it: `statusCode`, `code`, `message`
 * and `headers`. It has no cause: whatever went wrong underneath never travels with it.
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly errors: readonly FieldError[] | undefined
  readonly violatedPolicies: readonly string[] | undefined

  constructor(code: ProblemCode, { detail, errors, headers, violatedPolicies }: ProblemOptions = {}) {
    const kind: ProblemKind = PROBLEMS[code]
    super(detail ?? kind.detail)
    this.code = code
    this.statusCode = kind.status
    this.headers = { ...kind.headers, ...headers }
    this.errors = errors
    this.violatedPolicies = violatedPolicies
  }
}
