import type { DatabaseFacts, Hearing, MigrationStatus } from '@latchkey/engine'
import type { Check } from './check.ts'

/** PostgreSQL 15. */
const OLDEST_SERVER = 150_000
/** Keys that expire do so by each machine's own clock. */
const CLOCK_TROUBLE_MS = 1_000
const CLOCK_FAILURE_MS = 60_000

export function checkServer(facts: DatabaseFacts, place: string): Check {
  const { serverVersion, serverVersionNumber, isReadOnly, answeredAfterMs } = facts
  const details = { place, serverVersion, answeredAfterMs: round(answeredAfterMs) }
  const check = { name: 'database', details }
  const title = `PostgreSQL ${serverVersion}, ${place}`
  if (serverVersionNumber < OLDEST_SERVER) {
    return { ...check, status: 'failed', message: `${title}: Latchkey needs PostgreSQL 15 or newer.` }
  }
  if (isReadOnly) {
    return {
      ...check,
      status: 'failed',
      message: `${title}: nothing can be written. Name the primary, not a replica.`,
    }
  }
  return { ...check, status: 'ok', message: `${title}, answers in ${round(answeredAfterMs)} ms.` }
}

export function checkClock({ clockAheadMs, answeredAfterMs }: DatabaseFacts): Check {
  const details = { aheadMs: round(clockAheadMs), uncertaintyMs: round(answeredAfterMs / 2) }
  const off = Math.abs(clockAheadMs) - answeredAfterMs / 2
  const check = { name: 'clock', details }
  if (off < CLOCK_TROUBLE_MS) {
    return {
      ...check,
      status: 'ok',
      message: "This machine's clock and the database's agree within a second.",
    }
  }
  const seconds = (Math.abs(clockAheadMs) / 1_000).toFixed(1)
  return {
    ...check,
    status: off < CLOCK_FAILURE_MS ? 'warning' : 'failed',
    message:
      `The database's clock is ${seconds} seconds ${clockAheadMs > 0 ? 'ahead of' : 'behind'} this machine's, so keys ` +
      'begin and end too early or too late. Let both set their clocks by NTP.',
  }
}

export function checkMigrations({ version, latest, pending }: MigrationStatus): Check {
  const details = { version, latest, pending }
  const check = { name: 'migrations', details }
  if (version > latest) {
    return {
      ...check,
      status: 'failed',
      message: `The schema is at version ${version}, and this latchkey knows only ${latest}. Update @latchkey/cli.`,
    }
  }
  if (pending.length === 0) {
    return { ...check, status: 'ok', message: `The schema is up to date, at version ${version}.` }
  }
  const names = pending.map(({ name }) => name).join(', ')
  return {
    ...check,
    status: 'failed',
    message: `The schema is at version ${version} of ${latest}; ${names} pending. Run: latchkey migrate`,
  }
}

export function checkNotifications(hearing: Hearing): Check {
  const name = 'notifications'
  switch (hearing.outcome) {
    case 'heard':
      return {
        name,
        status: 'ok',
        message: `LISTEN and NOTIFY work, in ${round(hearing.afterMs)} ms: a revoked key is refused everywhere at once.`,
        details: { outcome: 'heard', afterMs: round(hearing.afterMs) },
      }
    case 'pooled':
      return {
        name,
        status: 'warning',
        message:
          'Through a pooler (pgbouncer=true) nothing can be heard: nodes ask for changes twice a second, and a revoked ' +
          'key is refused everywhere after about half a second. If that is too late, give them a direct URL.',
        details: { outcome: 'pooled' },
      }
    case 'unheard':
      return {
        name,
        status: 'failed',
        message:
          'A notification was sent and never came, as through a pooler in transaction mode: nodes learn of a revoked ' +
          'key up to a second late, and warn of it. Add ?pgbouncer=true to the URL, or use a direct one.',
        details: { outcome: 'unheard' },
      }
  }
}

export function checkRole(
  { role }: DatabaseFacts,
  { isEmbedded, hasPending }: { isEmbedded: boolean; hasPending: boolean },
): Check {
  const { name, isSuperuser, mayMigrate, lacks } = role
  const details = { role: name, isSuperuser, mayMigrate, lacks }
  const check = { name: 'role', details }
  if (lacks.length > 0) {
    return {
      ...check,
      status: 'failed',
      message: `The role ${name} lacks ${lacks.join(', ')}. Grant it, or use the role that ran \`latchkey migrate\`.`,
    }
  }
  if (hasPending && !mayMigrate) {
    return {
      ...check,
      status: 'failed',
      message: `The role ${name} may not migrate. Run \`latchkey migrate\` as the role that owns the schema latchkey.`,
    }
  }
  if (isSuperuser && !isEmbedded) {
    return {
      ...check,
      status: 'warning',
      message: `The role ${name} is a superuser. Latchkey needs none: give it a role and a database of its own.`,
    }
  }
  const migrating = mayMigrate
    ? 'serve keys and migrate'
    : 'serve keys; it may not migrate, which another role must do'
  return { ...check, status: 'ok', message: `The role ${name} may ${migrating}.` }
}

export function checkNodes({ nodes }: DatabaseFacts, namespace: string): Check {
  return {
    name: 'nodes',
    status: 'ok',
    message:
      nodes === 0
        ? `No app is open in the namespace ${namespace}.`
        : `${nodes} ${nodes === 1 ? 'node is' : 'nodes are'} alive in the namespace ${namespace}.`,
    details: { namespace, nodes },
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
