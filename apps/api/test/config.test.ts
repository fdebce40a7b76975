import { describe, expect, it } from 'vitest'
import { readConfig } from '../src/config.ts'
import { StartError } from '../src/start-error.ts'

const goodSecret = 'Zm9yIHRlc3RzIG9ubHksIHRvIHNpZ24gYSBjb29raWU'
const goodPassword = 'seven tidy otters'
const openId = {
  LATCHKEY_OPENID_ISSUER: 'https://id.example.com/realms/one',
  LATCHKEY_OPENID_CLIENT_ID: 'latchkey',
  LATCHKEY_OPENID_CLIENT_SECRET: 'swordfish-1',
  LATCHKEY_OPENID_NAME: 'Example ID',
}

function refusalOf(environment: Record<string, string>): string {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof StartError) return error.message
    throw error
  }
  return 'accepted'
}

describe('readConfig', () => {
  it('needs nothing', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      secret: null,
      admin: null,
      openId: null,
      logLevel: 'info',
      trustProxy: ['loopback'],
    })
    expect(readConfig({}).databaseTarget).toMatch(/\/\.latchkey$/)
    expect(readConfig({}).dashboardUrl.origin).toBe('http://localhost:4000')
  })

  it('treats a variable that is set to nothing as not set', () => {
    const names = ['PORT', 'HOST', 'DATABASE_URL', 'LATCHKEY_SECRET', 'LATCHKEY_ADMIN_EMAIL', 'TRUST_PROXY']
    expect(readConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(readConfig({}))
  })

  it('takes what is given', () => {
    const config = readConfig({
      PORT: '0',
      HOST: '0.0.0.0',
      DATABASE_URL: 'postgresql://me:pw@db.internal/crm',
      LATCHKEY_SECRET: goodSecret,
      LATCHKEY_ADMIN_EMAIL: 'ada@example.com',
      LATCHKEY_ADMIN_PASSWORD: goodPassword,
      DASHBOARD_URL: 'https://keys.example.com/',
      LOG_LEVEL: 'debug',
      TRUST_PROXY: '10.0.0.0/8, ::1,loopback',
      LATCHKEY_PEPPERS: 'p1:first p2:second',
      ...openId,
    })
    expect(config).toMatchObject({
      port: 0,
      host: '0.0.0.0',
      databaseTarget: 'postgresql://me:pw@db.internal/crm',
      secret: goodSecret,
      admin: { email: 'ada@example.com', password: goodPassword },
      logLevel: 'debug',
      trustProxy: ['10.0.0.0/8', '::1', 'loopback'],
      peppers: { current: 'p2', keys: { p1: 'first', p2: 'second' } },
      openId: { clientId: 'latchkey', clientSecret: 'swordfish-1', name: 'Example ID' },
    })
    expect(config.openId!.issuer.href).toBe('https://id.example.com/realms/one')
    expect(config.dashboardUrl.origin).toBe('https://keys.example.com')
    expect(readConfig({ TRUST_PROXY: 'none' }).trustProxy).toBe(false)
  })

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80a'],
    ['PORT', '3e3'],
    ['DATABASE_URL', 'mysql://localhost/x'],
    ['DATABASE_URL', 'postgres://[db'],
    ['LATCHKEY_SECRET', 'short'],
    ['LATCHKEY_SECRET', 'change-me-change-me-change-me-change-me'],
    ['LATCHKEY_SECRET', 'a'.repeat(64)],
    ['DASHBOARD_URL', 'keys.example.com'],
    ['DASHBOARD_URL', 'ftp://keys.example.com'],
    ['LOG_LEVEL', 'loud'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', 'loopback,everyone'],
    ['LATCHKEY_ADMIN_EMAIL', 'ada@example.com'],
    ['LATCHKEY_ADMIN_PASSWORD', goodPassword],
    ['LATCHKEY_PEPPER', 'p1'],
    ['LATCHKEY_PEPPERS', goodSecret],
    ['LATCHKEY_PEPPERS', `p1:${goodSecret} 2:${goodSecret}`],
    ['LATCHKEY_PEPPERS', `p1:${goodSecret} p1:${goodSecret}`],
  ])('refuses %s=%s in one line that names the variable', (name, value) => {
    const refusal = refusalOf({ [name]: value })
    expect(refusal).toContain(name)
    expect(refusal).not.toContain('\n')
  })

  it.each(Object.keys(openId))('refuses an OpenID provider without %s', (name) => {
    expect(refusalOf({ ...openId, [name]: '' })).toContain(`Missing: ${name}.`)
  })

  it.each([
    ['http://id.example.com', false],
    ['id.example.com', false],
    ['https://id.example.com/?x=1', false],
    ['https://me@id.example.com', false],
    ['http://127.0.0.1.example.com', false],
    ['http://localhost:9000', true],
    ['http://127.0.0.1:9000', true],
    ['http://[::1]:9000', true],
  ])('asks an OpenID provider over https, but for this machine: %s', (issuer, isTaken) => {
    const refusal = refusalOf({ ...openId, LATCHKEY_OPENID_ISSUER: issuer })
    if (isTaken) expect(refusal).toBe('accepted')
    else expect(refusal).toContain('LATCHKEY_OPENID_ISSUER')
  })

  it('takes another pepper than the last for the current one, or none', () => {
    const current = (name: string) =>
      readConfig({ LATCHKEY_PEPPERS: 'p1:first p2:second', LATCHKEY_PEPPER: name }).peppers!.current
    expect(current('p1')).toBe('p1')
    expect(current('none')).toBeNull()
    expect(refusalOf({ LATCHKEY_PEPPERS: 'p1:first', LATCHKEY_PEPPER: 'p2' })).toContain('LATCHKEY_PEPPER')
  })

  it('refuses a weak first password', () => {
    const refusal = refusalOf({
      LATCHKEY_ADMIN_EMAIL: 'ada@example.com',
      LATCHKEY_ADMIN_PASSWORD: 'hunter2',
    })
    expect(refusal).toBe('LATCHKEY_ADMIN_PASSWORD is refused. Choose a password of at least 15 characters.')
  })

  it('never repeats a credential', () => {
    const refusals = [
      refusalOf({ DATABASE_URL: 'mysql://me:swordfish-1@localhost/x' }),
      refusalOf({ LATCHKEY_SECRET: 'swordfish-1' }),
      refusalOf({ LATCHKEY_PEPPERS: 'swordfish-1' }),
      refusalOf({ ...openId, LATCHKEY_OPENID_NAME: '' }),
      refusalOf({ LATCHKEY_ADMIN_EMAIL: 'ada@example.com', LATCHKEY_ADMIN_PASSWORD: 'swordfish-1' }),
    ]
    expect(refusals.join()).not.toContain('swordfish')
  })
})
