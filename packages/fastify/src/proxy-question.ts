import { MAX_RATE_LIMIT } from '@latchkey/engine'
import type { FastifyRequest } from 'fastify'
import type { Asked } from './asked-requirement.ts'
import { ProblemError } from './problem.ts'

/** What a proxy asks about a request that it holds back. */
export interface ProxyQuestion extends Asked {
  /** Whether the proxy is nginx, which passes on 401 and 403 alone. */
  isNginx: boolean
}

/** What a proxy that adds the client's path to ours says what it asks in. */
export const QUESTION_HEADER = 'x-latchkey-require'

const PARAMETERS = ['scope', 'anyScope', 'environment', 'cost', 'proxy']
const LISTS = ['scope', 'anyScope']

/**
 * Reads what a proxy asks, from where only the proxy can have written it: the query of the exact address. Behind
 * `/authorize/` stand the path and the query of the client, which say nothing here; a proxy that works so asks in a
 * header. What is asked there only ever narrows, so that a client that sends the header itself, past a proxy that
 * does not set it, gains nothing.
 *
 * The address is read as it came. In a host that takes several spellings for one, only the documented one counts.
 */
export function readQuestion({ url, headers }: FastifyRequest, address: string): ProxyQuestion {
  const [path, ...query] = url.split('?')
  if (path === address) return parse(query.join('?'), { minCost: 0 })
  if (path!.startsWith(`${address}/`)) return parse(String(headers[QUESTION_HEADER] ?? ''), { minCost: 1 })
  throw new ProblemError('not_found')
}

function parse(text: string, { minCost }: { minCost: number }): ProxyQuestion {
  const parameters = new URLSearchParams(text)
  for (const name of parameters.keys()) {
    if (!PARAMETERS.includes(name)) throw wrong(name, `is not known; there are ${PARAMETERS.join(', ')}`)
    if (!LISTS.includes(name) && parameters.getAll(name).length > 1) throw wrong(name, 'must be there once')
  }
  const [scopes, anyScope] = LISTS.map((name) => readScopes(parameters, name))
  const environment = parameters.get('environment') ?? undefined
  if (environment !== undefined && environment !== 'live' && environment !== 'test') {
    throw wrong('environment', 'must be live or test')
  }
  const proxy = parameters.get('proxy')
  if (proxy !== null && proxy !== 'nginx') throw wrong('proxy', 'must be nginx, or left out')
  return {
    scopes,
    anyScope: anyScope!.length > 0 ? anyScope : undefined,
    environment,
    cost: readCost(parameters.get('cost') ?? '1', minCost),
    isNginx: proxy !== null,
  }
}

function readScopes(parameters: URLSearchParams, name: string): string[] {
  const scopes = parameters.getAll(name).flatMap((scope) => scope.split(' '))
  // As when a proxy's variable was never set: what was meant to be asked must not be left out in silence.
  if (scopes.includes('')) throw wrong(name, 'must not be empty')
  return scopes
}

function readCost(text: string, min: number): number {
  const cost = /^\d{1,7}$/.test(text) ? Number(text) : NaN
  if (cost >= min && cost <= MAX_RATE_LIMIT) return cost
  throw wrong('cost', `must be a whole number from ${min} to ${MAX_RATE_LIMIT}`)
}

function wrong(field: string, message: string): ProblemError {
  return new ProblemError('invalid_request', { errors: [{ field: field.slice(0, 100), message }] })
}
