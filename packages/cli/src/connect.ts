import {
  createLatchkey,
  migrationStatus,
  openDatabase,
  StoreUnavailable,
  type Database,
  type Latchkey,
  type LatchkeyOptions,
  type MigrationStatus,
} from '@latchkey/engine'
import { configFailure, readConfig } from './config.ts'
import { Failure, unavailable, usage } from './failure.ts'
import type { Output } from './output.ts'
import { hintFor } from './hints.ts'
import { isMissingFolder, readTarget, URL_FORM, type Target } from './target.ts'

/** What every command that needs a database is told. */
export interface ConnectionFlags {
  config?: string
  database?: string
  namespace?: string
}

/** A command's database, and the host's options. */
export interface Connection extends Target {
  database: Database
  /** The options without a database; the namespace is the command's. */
  options: Omit<LatchkeyOptions, 'database' | 'namespace'> & { namespace: string }
  configFile: string | null
}

const DEFAULT_FOLDER = './.latchkey'
/** As long as can be: how long anything is kept is for the host to say, not for whoever runs a command. */
const KEEP_ALL = {
  usageRetentionDays: { minute: 36_500, quarterHour: 36_500, day: 36_500 },
  revokedKeyRetentionDays: null,
}

/** Opens the database for the work, and closes it. */
export async function withDatabase<T>(
  flags: ConnectionFlags,
  { mayCreate = false }: { mayCreate?: boolean },
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { file, options } = await readConfig(flags.config)
  const { database: configured, ...rest } = options
  if (typeof configured === 'object') {
    throw configFailure(
      `${file}: database must be a URL or a folder, which the command opens and closes itself.`,
    )
  }
  const given = flags.database ?? configured ?? process.env['DATABASE_URL']
  const target = readTarget(given || DEFAULT_FOLDER)
  if (!mayCreate && isMissingFolder(target)) {
    throw unavailable(
      `There is no database in ${target.place}. Set DATABASE_URL or --database, or make one there: latchkey migrate`,
    )
  }
  const database = await open(target)
  try {
    const namespace = flags.namespace ?? options.namespace ?? 'default'
    return await work({ ...target, database, options: { ...rest, namespace }, configFile: file })
  } finally {
    await database.close()
  }
}

/** Opens the keys for the work, and closes them. The schema must be up to date: only `migrate` changes it. */
export async function withLatchkey<T>(
  flags: ConnectionFlags,
  output: Output,
  work: (latchkey: Latchkey, connection: Connection) => Promise<T>,
): Promise<T> {
  return withDatabase(flags, {}, async (connection) => {
    const { database, options } = connection
    refuseOtherVersions(await migrationStatus(database))
    const latchkey = await openKeys({
      ...KEEP_ALL,
      ...options,
      database,
      migrate: false,
      onError: ({ message }) => output.warn(message),
    })
    try {
      return await work(latchkey, connection)
    } finally {
      await latchkey.close()
    }
  })
}

/** @throws Failure when the schema is not the one that this version knows. */
export function refuseOtherVersions({ version, latest, pending }: MigrationStatus): void {
  if (version > latest) {
    throw new Failure(
      'newer_schema',
      `The schema of the database is at version ${version}, and this latchkey knows only ${latest}. Update @latchkey/cli.`,
    )
  }
  if (pending.length > 0) {
    throw new Failure(
      'pending_migrations',
      `The schema of the database is at version ${version} of ${latest}, and lacks ${pending.map(({ name }) => name).join(', ')}. Run: latchkey migrate`,
    )
  }
}

async function open({ target }: Target): Promise<Database> {
  try {
    return await openDatabase(target)
  } catch (error) {
    if (error instanceof StoreUnavailable) throw unavailable(`${error.message}${hintFor(error)}`)
    // Whatever a driver says of a URL may quote it.
    if (target.includes('://')) throw usage(`The URL of the database cannot be read. It is like ${URL_FORM}.`)
    const { message } = error as Error
    const hint = message.includes('in use by another process')
      ? ' If it is your app, that holds its embedded database alone: manage its keys by its own routes.'
      : ''
    throw unavailable(`${message}${hint}`)
  }
}

/** What it throws beside StoreUnavailable is about an option. */
async function openKeys(options: LatchkeyOptions): Promise<Latchkey> {
  try {
    return await createLatchkey(options)
  } catch (error) {
    throw error instanceof StoreUnavailable ? error : configFailure((error as Error).message)
  }
}
