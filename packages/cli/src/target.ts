import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { usage } from './failure.ts'

/** A database, and how it is called where people read it: never with a user or a password. */
export interface Target {
  target: string
  place: string
}

const SERVER = /^postgres(?:ql)?:\/\//
const OTHER_SCHEME = /^[a-z][a-z0-9+.-]+:\/\//i
/** For messages. */
export const URL_FORM = 'postgres://user:password@host:5432/name'

/**
 * Reads what names a database, before anything can put it into a message.
 *
 * @throws Failure when it cannot name one.
 */
export function readTarget(given: string): Target {
  if (SERVER.test(given)) return readUrl(given)
  if (OTHER_SCHEME.test(given)) throw usage(`A database is a URL like ${URL_FORM}, or a folder.`)
  if (given === 'memory:') throw usage('A database in memory is gone when a command ends. Name a folder.')
  return { target: given, place: `the folder ${given}` }
}

/** Whether an embedded database is in the folder, which a command other than `migrate` must not make. */
export function isMissingFolder({ target }: Target): boolean {
  return !SERVER.test(target) && !existsSync(join(target, 'database', 'PG_VERSION'))
}

function readUrl(url: string): Target {
  const [, authority = '', rest = ''] = /^[a-z]+:\/\/([^/?#]*)(.*)$/s.exec(url)!
  // A password with a "/", "?" or "#" ends early, and what is left of it would pass for a host or a name.
  if (rest.includes('@') || authority.indexOf('@') !== authority.lastIndexOf('@')) {
    throw usage(
      'The URL of the database has an "@" where none can be. In a user or a password write special characters as ' +
        '%XX: "@" is %40, "/" is %2F, "?" is %3F, "#" is %23.',
    )
  }
  const host = authority.slice(authority.indexOf('@') + 1)
  const name = /^\/([^?#]*)/.exec(rest)?.[1] ?? ''
  try {
    decodeURIComponent(authority)
    const place = `${decodeURIComponent(name) || 'the default database'} at ${host || 'the default host'}`
    return { target: url, place }
  } catch {
    throw usage(`The URL of the database has a "%" that is no %XX. Write "%" as %25. It is like ${URL_FORM}.`)
  }
}
