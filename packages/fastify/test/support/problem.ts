import type { LightMyRequestResponse } from 'fastify'
import { expect } from 'vitest'
import { PROBLEMS, type Problem, type ProblemCode } from '../../src/index.ts'
import type { ProblemKind } from '../../src/problem.ts'

/** What no reply may contain: traces of the machine room. */
const INTERNALS = /at \/|node_modules|\bselect\b|\binsert\b|latchkey\.keys|\bsql\b/i

/** Expects a reply to be one problem document, in every respect that all of them share. */
export function expectProblem(reply: LightMyRequestResponse, code: ProblemCode): Problem {
  const problem = reply.json<Problem>()
  expect.soft(problem.code).toBe(code)
  const { status, title, type = `https://latchkey.dev/problems/${code}` }: ProblemKind = PROBLEMS[code]
  expect.soft(reply.statusCode).toBe(status)
  expect.soft(problem.status).toBe(status)
  expect.soft(problem.title).toBe(title)
  expect.soft(problem.type).toBe(type)
  expect.soft(problem.detail).not.toBe('')
  expect.soft(problem.requestId).not.toBe('')
  expect.soft(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  expect.soft(reply.headers['cache-control']).toBe('no-store')
  expect.soft(reply.body).not.toMatch(INTERNALS)
  return problem
}
