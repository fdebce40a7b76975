import { DrizzleQueryError } from 'drizzle-orm'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { describeError, logOptions } from '../src/log.ts'

const key = 'lk_live_N31OxJktTzvris8SAFPQdW8OTC5Jnp2A8SVH'

function logged(write: (log: pino.Logger) => void): string {
  const lines: string[] = []
  const { stream, ...options } = logOptions('trace', { write: (line) => void lines.push(line) })
  write(pino(options, stream as pino.DestinationStream))
  return lines.join('')
}

describe('the log', () => {
  it('hides credentials that somebody logs by mistake', () => {
    const headers = {
      authorization: 'Bearer secret-1',
      cookie: 'a=secret-2',
      'set-cookie': 'a=secret-3',
      'x-api-key': 'secret-4',
      'x-latchkey-key': 'secret-10',
      host: 'example.com',
    }
    const body = {
      email: 'ada@example.com',
      password: 'secret-5',
      newPassword: 'secret-6',
      token: 'secret-7',
    }
    const text = logged((log) => {
      log.info({ headers, body })
      log.info({ res: { headers } })
      log.info({ secret: 'secret-8', currentPassword: 'secret-9' })
    })
    expect(text).toContain('example.com')
    expect(text).not.toContain('secret-')
  })

  it('hides keys wherever they stand', () => {
    const text = logged((log) => {
      log.info(`somebody sent ${key}`)
      log.info({ url: `/v1/contacts?api_key=${key}`, nested: { deep: { deeper: [key] } } })
      log.error(new Error(`no such thing: ${key}`))
      log.info(`on a line\n${key}`)
      log.info(`${key}Z ${key}_x a${key} lk%5Flive_${key.slice(8)}`)
    })
    expect(text).toContain('lk_live_[redacted]')
    expect(text).not.toContain(key.slice(8))
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toHaveLength(5)
  })

  it('tells of a database error its code and its place, not what it quotes', () => {
    const cause = Object.assign(new Error('duplicate key: (ada@example.com)'), {
      code: '23505',
      severity: 'ERROR',
    })
    const error = new DrizzleQueryError('insert into users values ($1)', ['ada@example.com'], cause)
    const text = logged((log) => {
      log.error({ err: error })
      log.error(error)
      log.error({ err: error }, error.message)
      log.error({ err: error }, 'what happened')
    })
    expect(text).toContain('23505')
    expect(text).toContain('log.test.ts')
    expect(text).not.toMatch(/ada@|insert into|duplicate key/)
    expect(describeError(new Error('wrapped', { cause: error })).message).toBeUndefined()
  })

  it('keeps the message of any other error', () => {
    expect(describeError(new TypeError('x is not a function'))).toMatchObject({
      type: 'TypeError',
      message: 'x is not a function',
    })
    expect(describeError('just a text')).toEqual({ type: 'string' })
  })

  it('puts what a client sends on one line', () => {
    const text = logged((log) => log.info({ name: 'a\r\n{"level":60,"msg":"forged"}\u2028' }))
    expect(text.trim().split('\n')).toHaveLength(1)
  })
})
