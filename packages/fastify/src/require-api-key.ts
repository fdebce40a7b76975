import type { Refused, Requirement, Verdict } from '@latchkey/engine'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction, onRequestHookHandler } from 'fastify'
import { readSecret } from './credentials.ts'
import {
  addressProblem,
  attemptsProblem,
  credentialProblem,
  inSeconds,
  quotaProblem,
  rateLimitProblem,
  refusalOf,
  type KeySpace,
} from './key-space.ts'
import { logFailure } from './log-failure.ts'
import { prepareProblem, sendProblem, type PreparedProblem } from './problem-document.ts'
import { ProblemError } from './problem.ts'
import { RequestCaller } from './request-caller.ts'
import { rateLimit, rateLimitPolicy, shouldTell } from './rate-limit-headers.ts'
import { createRefusalLog } from './refusal-log.ts'

/** What one route asks of a key, made ready when the route was declared. */
export interface ApiKeyRule {
  readonly keySpace: KeySpace
  readonly scopes: readonly string[]
  readonly anyScope: readonly string[]
  readonly cost: number
  /** What it is called where it is told what a key was used for; left out for the key routes. */
  readonly route?: { readonly method: string; readonly path: string } | undefined
  /** Whether the route has an error handler of its own, which then renders refusals. */
  readonly hasErrorHandler: boolean
}

/** Those by which keys are managed. */
const KEY_ROUTES = { method: '*', path: '(key routes)' }

/**
 * Makes the hook that lets a request pass only with a good key. With a key that was seen in the last seconds it
 * is done before it returns: it does not await, and makes nothing but a view of the request. It fails closed:
 * whatever goes wrong, the handler does not run.
 */
export function createRequireApiKey({
  keySpace,
  scopes,
  anyScope,
  cost,
  route = KEY_ROUTES,
  hasErrorHandler,
}: ApiKeyRule): onRequestHookHandler {
  const { engine, environment } = keySpace
  const uses = engine.routeUses.counterOf({ ...route, scopes, anyScope })
  const requirement: Requirement = Object.freeze({
    scopes,
    cost,
    ...(anyScope.length > 0 && { anyScope }),
    ...(environment && { environment }),
  })
  const preparedRefusals = new Map<string, PreparedProblem>()
  const logRefusal = createRefusalLog()

  function settle(
    verdict: Verdict,
    request: FastifyRequest,
    reply: FastifyReply,
    done: HookHandlerDoneFunction,
  ) {
    if (!verdict.ok) {
      if (verdict.reason === 'rate_limited' || verdict.reason === 'quota_exceeded') {
        logRefusal(request, verdict)
        const problem = verdict.reason === 'rate_limited' ? rateLimitProblem(verdict) : quotaProblem(verdict)
        refuse(problem, request, reply, done)
      } else refuseKey(verdict, request, reply, done)
      return
    }
    request.apiKey = verdict.key
    uses.count(verdict.key.id)
    const { rateLimits } = verdict
    if (shouldTell(rateLimits)) {
      reply.header('ratelimit-policy', rateLimitPolicy(rateLimits))
      reply.header('ratelimit', rateLimit(rateLimits))
    }
    done()
  }

  function refuseKey(
    verdict: Refused,
    request: FastifyRequest,
    reply: FastifyReply,
    done: HookHandlerDoneFunction,
  ) {
    const { reason, retryAfterMs = 0 } = verdict
    const isThrottled = reason === 'too_many_attempts'
    logRefusal(request, verdict)

    if (reason === 'address_not_allowed') return refuse(addressProblem(verdict), request, reply, done)
    let prepared = preparedRefusals.get(reason)
    if (prepared === undefined || rendersErrors(request)) {
      const problem = isThrottled
        ? attemptsProblem(retryAfterMs)
        : refusalOf(reason, keySpace, { scopes, anyScope })
      if (rendersErrors(request)) return refuse(problem, request, reply, done)
      prepared = prepareProblem(problem)
      preparedRefusals.set(reason, prepared)
    }
    prepared.send(request, reply, isThrottled ? { 'retry-after': inSeconds(retryAfterMs) } : undefined)
  }

  function fail(error: unknown, request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) {
    logFailure(request.log, error, 'An API key could not be checked')
    refuse(new ProblemError('unavailable'), request, reply, done)
  }

  /**
   * A host that renders errors itself renders these too. Status and headers are on the reply by then, so that a
   * handler which forgets them still answers as it must. Otherwise the problem document is the answer.
   */
  function refuse(
    problem: ProblemError,
    request: FastifyRequest,
    reply: FastifyReply,
    done: HookHandlerDoneFunction,
  ) {
    if (!rendersErrors(request)) {
      sendProblem(request, reply, problem)
      return
    }
    reply.code(problem.statusCode).headers(problem.headers).header('cache-control', 'no-store')
    done(problem)
  }

  /** Whether the scope of a request has an error handler other than Fastify's own, the only one with this name: Fastify binds all others. */
  function rendersErrors(request: FastifyRequest): boolean {
    return hasErrorHandler || request.server.errorHandler.name !== 'defaultErrorHandler'
  }

  return function requireApiKey(request, reply, done) {
    const secret = readSecret(request.raw)
    if (typeof secret !== 'string') {
      refuse(credentialProblem(secret.problem, engine.namespace), request, reply, done)
      return
    }
    let verdict: Verdict | Promise<Verdict>
    try {
      verdict = engine.verify(secret, requirement, new RequestCaller(request))
    } catch (error) {
      fail(error, request, reply, done)
      return
    }
    if (!(verdict instanceof Promise)) {
      settle(verdict, request, reply, done)
      return
    }
    verdict.then(
      (late) => settle(late, request, reply, done),
      (error: unknown) => fail(error, request, reply, done),
    )
  }
}
