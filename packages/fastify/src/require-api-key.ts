import type { Requirement, Verdict } from '@latchkey/engine'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction, onRequestHookHandler } from 'fastify'
import { readSecret } from './credentials.ts'
import { credentialProblem, refusalOf, type KeySpace } from './key-space.ts'
import { logFailure } from './log-failure.ts'
import { sendProblem } from './problem-document.ts'
import { ProblemError } from './problem.ts'

/** What one route asks of a key, made ready when the route was declared. */
export interface ApiKeyRule {
  readonly keySpace: KeySpace
  readonly scopes: readonly string[]
  /** Whether the route has an error handler of its own, which then renders refusals. */
  readonly hasErrorHandler: boolean
}

/**
 * Makes the hook that lets a request pass only with a good key. With a key that was seen in the last seconds it
 * is done before it returns: it neither awaits nor allocates. It fails closed: whatever goes wrong, the handler
 * does not run.
 */
export function createRequireApiKey({ keySpace, scopes, hasErrorHandler }: ApiKeyRule): onRequestHookHandler {
  const { engine, environment } = keySpace
  const requirement: Requirement = Object.freeze({ scopes, ...(environment && { environment }) })

  function settle(
    verdict: Verdict,
    request: FastifyRequest,
    reply: FastifyReply,
    done: HookHandlerDoneFunction,
  ) {
    if (verdict.ok) {
      request.apiKey = verdict.key
      done()
      return
    }
    request.log.info({ reason: verdict.reason, apiKeyId: verdict.key?.id }, 'API key refused')
    refuse(refusalOf(verdict.reason, keySpace, scopes), request, reply, done)
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
    if (!hasErrorHandler && !rendersErrors(request)) {
      sendProblem(request, reply, problem)
      return
    }
    reply.code(problem.statusCode).headers(problem.headers).header('cache-control', 'no-store')
    done(problem)
  }

  return function requireApiKey(request, reply, done) {
    const secret = readSecret(request.raw)
    if (typeof secret !== 'string') {
      refuse(credentialProblem(secret.problem, engine.namespace), request, reply, done)
      return
    }
    let verdict: Verdict | Promise<Verdict>
    try {
      verdict = engine.verify(secret, requirement)
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

/** Whether the scope of a request has an error handler other than Fastify's own, the only one with this name: Fastify binds all others. */
function rendersErrors(request: FastifyRequest): boolean {
  return request.server.errorHandler.name !== 'defaultErrorHandler'
}
