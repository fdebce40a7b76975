import type { Requirement } from '@latchkey/engine'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../access.ts'
import { countAsked, requirementOf } from '../asked-requirement.ts'
import { readSecret } from '../credentials.ts'
import {
  addressProblem,
  attemptsProblem,
  NO_SCOPES,
  credentialProblem,
  quotaProblem,
  rateLimitProblem,
  refusalOf,
  type KeySpace,
} from '../key-space.ts'
import { KEY_PROBLEMS, proxySecurity } from '../openapi.ts'
import type { RouteContext } from '../operation.ts'
import { sendPass, sendRefusal } from '../proxy-answer.ts'
import { readQuestion, type ProxyQuestion } from '../proxy-question.ts'
import { PASSED, ProxyParameters } from '../proxy-schemas.ts'
import { ProblemError } from '../problem.ts'
import { ProxiedCaller } from '../request-caller.ts'
import { createLogGate, createRefusalLog } from '../refusal-log.ts'
import { VERIFY } from '../root-key.ts'

/** The proxy's own key; `Authorization` has that of the client. */
const PROXY_KEY_HEADER = 'x-latchkey-key'

/**
 * `/authorize` and everything below: lets a proxy ask whether a request that it holds back may pass (`auth_request` of
 * nginx, ForwardAuth of Traefik, ext_authz of Envoy). It answers before any body is read, whatever the method.
 */
export function authorizeRoute({ scope, keySpace, operation }: RouteContext): void {
  const answer = createAnswer(keySpace, `${scope.prefix}/authorize`)
  const access: Access = {
    onRequest: [answer],
    security: () => proxySecurity([VERIFY]),
    problems: KEY_PROBLEMS,
  }
  const documented = operation({
    operationId: 'authorizeRequest',
    summary: 'Check the key of a request for a proxy',
    description:
      'Tells a proxy whether a request that it holds back may pass: 200 with whose key it is in headers, or a refusal. The key of the client comes in its usual header, and the proxy presents its own, with the scope `latchkey:verify`, in `X-Latchkey-Key`. It takes any method, and any path below, for proxies that add the path of the client; those ask in the header `X-Latchkey-Require` what others ask in the query.',
    schema: { querystring: ProxyParameters, response: { 200: PASSED } },
    problems: ['wrong_environment'],
    access,
  })
  const hidden = {
    ...documented,
    config: { swaggerTransform: false } as object,
    schema: { hide: true } as object,
  }
  const otherMethods = scope.supportedMethods.filter((method) => method !== 'GET')
  scope.get('/authorize', { ...documented, exposeHeadRoute: false }, neverReached)
  scope.route({ ...hidden, method: otherMethods, url: '/authorize', handler: neverReached })
  scope.all('/authorize/*', hidden, neverReached)
}

function createAnswer(keySpace: KeySpace, address: string) {
  const checkProxy = createProxyCheck(keySpace)
  const judge = createJudge(keySpace)
  return async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    await checkProxy(request)
    const question = readQuestion(request, address)
    const read = requirementOf(keySpace, question)
    if (!read.ok) throw new ProblemError('invalid_request', { errors: [read.error] })
    return judge({ request, reply, question, requirement: read.requirement })
  }
}

/**
 * Only the host's own proxies may ask. A proxy whose key has ceased to be good must not make its clients believe that
 * theirs has, so that is trouble of ours, in the log and in the answer.
 */
function createProxyCheck({ engine, environment }: KeySpace) {
  const requirement: Requirement = { scopes: [VERIFY], ...(environment && { environment }) }
  const mayLog = createLogGate()
  return async function checkProxy(request: FastifyRequest): Promise<void> {
    const secret = request.headers[PROXY_KEY_HEADER]
    if (typeof secret !== 'string') {
      throw new ProblemError('unauthenticated', {
        detail: `The proxy must present a key of its own, with the scope ${VERIFY}, in X-Latchkey-Key.`,
        headers: credentialProblem('unauthenticated', engine.namespace).headers,
      })
    }
    // What stands in the headers is of the client, and its origin is not the proxy's.
    const caller = { ip: request.socket.remoteAddress }
    const verdict = await engine.verify(secret, requirement, caller)
    if (verdict.ok) return
    const { reason, key } = verdict
    if (mayLog()) request.log.error({ reason, apiKeyId: key?.id }, "A proxy's own API key was refused")
    throw new ProblemError('unavailable', { detail: "The proxy's own key was refused. Try again later." })
  }
}

/** A request that a proxy asks about, and what it must be good for. */
interface Asking {
  request: FastifyRequest
  reply: FastifyReply
  question: ProxyQuestion
  requirement: Requirement
}

function createJudge(keySpace: KeySpace) {
  const { engine } = keySpace
  const logRefusal = createRefusalLog()
  return async function judge({ request, reply, question, requirement }: Asking): Promise<FastifyReply> {
    const { isNginx } = question
    const refuse = (problem: ProblemError) => sendRefusal(request, reply, { problem, isNginx })
    const secret = readSecret(request.raw)
    if (typeof secret !== 'string') return refuse(credentialProblem(secret.problem, engine.namespace))

    const verdict = await engine.verify(secret, requirement, new ProxiedCaller(request))
    countAsked(keySpace, requirement, verdict)
    if (verdict.ok) return sendPass(reply, verdict)
    logRefusal(request, verdict)
    if (verdict.reason === 'rate_limited') return refuse(rateLimitProblem(verdict))
    if (verdict.reason === 'address_not_allowed') return refuse(addressProblem(verdict))
    if (verdict.reason === 'quota_exceeded') return refuse(quotaProblem(verdict))
    if (verdict.reason === 'too_many_attempts') return refuse(attemptsProblem(verdict.retryAfterMs ?? 0))
    return refuse(refusalOf(verdict.reason, keySpace, { ...NO_SCOPES, ...requirement }))
  }
}

/** The hook has answered; should it ever not have, nothing passes. */
async function neverReached(): Promise<never> {
  throw new ProblemError('unavailable')
}
