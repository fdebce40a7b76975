import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { logFailure } from '../src/log-failure.ts'
import { captureLog } from './support/app.ts'

function logged(thrown: unknown): string {
  const log = captureLog()
  logFailure(Fastify({ logger: log.logger }).log, thrown, 'Something failed')
  return log.text()
}

describe('a failure in the log', () => {
  it.each([
    ['of a Postgres driver', { severity: 'ERROR', code: '22P02', detail: 'CANARY' }],
    ['with a statement', { query: 'select CANARY' }],
    ['with parameters', { parameters: ['CANARY'] }],
    ['with a cause', { cause: new Error('CANARY') }],
  ])('%s is told without its message', (_what, fields) => {
    const text = logged(Object.assign(new Error('invalid input syntax: "CANARY"'), fields))
    expect(text).toContain('Something failed')
    expect(text).not.toContain('CANARY')
  })

  it('of any other kind is told with its message', () => {
    expect(logged(new TypeError('x is not a function'))).toContain('x is not a function')
  })

  it('that is no error is told by its type', () => {
    expect(logged('CANARY')).toContain('"kind":"string"')
    expect(logged('CANARY')).not.toContain('CANARY')
  })
})
