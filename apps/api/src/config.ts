import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import type { PepperOptions } from '@latchkey/fastify'
import { judgePassword } from './account/password.ts'
import { isEmail } from './email.ts'
import { readOpenId, type OpenIdOptions } from './openid-variables.ts'
import { readPeppers } from './peppers-variable.ts'
import { StartError } from './start-error.ts'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Everything the environment decides, read once and checked. */
export interface Config {
  host: string
  port: number
  /** A `postgres://` URL, or the folder of the embedded database. */
  databaseTarget: string
  /** Signs session cookies. Null: a random one is kept in `secretFile`. */
  secret: string | null
  secretFile: string
  /** Secrets beside the database under which keys are stored. */
  peppers: PepperOptions | undefined
  /** Creates the first account without the set-up link. */
  admin: { email: string; password: string } | null
  dashboardUrl: URL
  /** Null: people sign in with their password alone. */
  openId: OpenIdOptions | null
  logLevel: (typeof logLevels)[number]
  /** Whose `X-Forwarded-For` is believed: addresses, networks, or the names that Fastify knows. */
  trustProxy: string[] | false
}

/**
 * @throws {StartError} naming the variable and what it should be, never a value that may be a credential.
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  /** A variable that is set to nothing counts as not set. */
  const get = (name: string): string | null => environment[name]?.trim() || null

  const folder = resolve(get('LATCHKEY_DATA') ?? './.latchkey')
  return {
    host: get('HOST') ?? '127.0.0.1',
    port: readPort(get('PORT')),
    databaseTarget: readDatabaseUrl(get('DATABASE_URL')) ?? folder,
    secret: readSecret(get('LATCHKEY_SECRET')),
    secretFile: join(folder, 'secret'),
    peppers: readPeppers(get('LATCHKEY_PEPPERS'), get('LATCHKEY_PEPPER')),
    admin: readAdmin(get('LATCHKEY_ADMIN_EMAIL'), environment['LATCHKEY_ADMIN_PASSWORD'] || null),
    dashboardUrl: readDashboardUrl(get('DASHBOARD_URL') ?? 'http://localhost:4000'),
    openId: readOpenId(get),
    logLevel: readLogLevel(get('LOG_LEVEL') ?? 'info'),
    trustProxy: readTrustProxy(get('TRUST_PROXY') ?? 'loopback'),
  }
}

function readPort(text: string | null): number {
  if (text === null) return 3000
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(port <= 65535)) throw new StartError(`PORT is "${text}". Set it to a number from 0 to 65535.`)
  return port
}

function readDatabaseUrl(text: string | null): string | null {
  if (text === null) return null
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new StartError(
      'DATABASE_URL is no postgres:// URL. Set it to one, or unset it to use the embedded database.',
    )
  }
  return text
}

/** Long enough that it cannot be guessed, and not one that stands in somebody's example. */
function readSecret(text: string | null): string | null {
  if (text === null) return null
  if (text.length < 32) {
    throw new StartError(
      'LATCHKEY_SECRET is shorter than 32 characters. Make one with: openssl rand -base64 32',
    )
  }
  if (/change.?me|placeholder|example|your.?secret|replace.?me/i.test(text) || new Set(text).size < 8) {
    throw new StartError('LATCHKEY_SECRET is a placeholder. Make a random one with: openssl rand -base64 32')
  }
  return text
}

function readAdmin(email: string | null, password: string | null): Config['admin'] {
  if (email === null && password === null) return null
  if (email === null || password === null) {
    throw new StartError('Set LATCHKEY_ADMIN_EMAIL and LATCHKEY_ADMIN_PASSWORD together, or neither.')
  }
  if (!isEmail(email)) throw new StartError('LATCHKEY_ADMIN_EMAIL is no e-mail address.')
  const complaint = judgePassword(password, email)
  if (complaint !== null) throw new StartError(`LATCHKEY_ADMIN_PASSWORD is refused. ${complaint}`)
  return { email, password }
}

function readDashboardUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new StartError('DASHBOARD_URL is no http:// or https:// URL. Example: https://keys.example.com')
  }
  return url
}

function readLogLevel(text: string): Config['logLevel'] {
  const level = logLevels.find((name) => name === text)
  if (level === undefined)
    throw new StartError(`LOG_LEVEL is "${text}". Set it to one of ${logLevels.join(', ')}.`)
  return level
}

function readTrustProxy(text: string): string[] | false {
  if (text === 'none') return false
  const entries = text.split(',').map((entry) => entry.trim())
  const wrong = entries.find((entry) => !isProxy(entry))
  if (wrong !== undefined) {
    throw new StartError(
      `TRUST_PROXY holds "${wrong}". Name addresses or networks (10.0.0.0/8), loopback, linklocal, uniquelocal, or none.`,
    )
  }
  return entries
}

function isProxy(entry: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(entry)) return true
  const [address = '', bits, ...rest] = entry.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}
