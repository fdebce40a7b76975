import { openDatabase, StoreUnavailable, type Database } from '@latchkey/fastify'
import closeWithGrace from 'close-with-grace'
import { buildApp, type App } from './app.ts'
import { readConfig, type Config } from './config.ts'
import { pageOf } from './dashboard-page.ts'
import { migrate } from './database/migrate.ts'
import { describeError } from './log.ts'
import { readOrCreateSecret } from './secret-file.ts'
import { StartError } from './start-error.ts'

/** More than a request may take (10 s), less than orchestrators grant (30 s). */
const stopTimeoutMs = 20_000

const stopSignals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const

try {
  await start(readConfig(process.env))
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exit(1)
}

async function start(config: Config): Promise<void> {
  const secret = config.secret ?? (await readOrCreateSecret(config.secretFile))
  const database = await openDatabase(config.databaseTarget)
  try {
    await migrate(database.drizzle)
    const app = await buildApp({ ...config, database, secret })
    stopInTime(app, database)
    if (config.admin) await createAdmin(app, config.admin)
    await app.server.listen({ host: config.host, port: config.port })
    await announce(app, config)
  } catch (error) {
    await database.close()
    throw error
  }
}

/**
 * One Ctrl+C comes more than once: the terminal sends it to every program that it runs, and npm and `npm start` pass it
 * on to theirs. So a second signal is no order to hurry; close-with-grace would take it for one and end the process.
 */
function stopInTime(app: App, database: Database): void {
  const { log } = app.server
  let isStopping = false
  const { close } = closeWithGrace(
    { delay: stopTimeoutMs, logger: false, skip: [...stopSignals] },
    async ({ err }) => {
      isStopping = true
      if (err) log.error({ err }, 'Stopping after a failure that nothing caught')
      await stop(app, database)
    },
  )
  for (const signal of stopSignals) {
    process.on(signal, () => {
      if (isStopping) return
      log.info({ signal }, 'Stopping')
      close()
    })
  }
}

/** First nobody sends more, then everything under way is finished and stored, and the database closes last. */
async function stop(app: App, database: Database): Promise<void> {
  app.stopBeingReady()
  await app.server.close()
  await database.close()
}

async function createAdmin(
  { setUp }: App,
  { email, password }: { email: string; password: string },
): Promise<void> {
  await setUp.createUnattended({ name: 'Administrator', email, password, workspaceName: 'My workspace' })
}

/**
 * Says on standard output, beside the log and not in it, where to click. The token stands behind a #, which
 * browsers keep to themselves, so that it reaches no log of any server on the way.
 */
async function announce({ server, setUp }: App, { dashboardUrl }: Config): Promise<void> {
  const token = await setUp.issueLink()
  const address = server.listeningOrigin
  const link = pageOf(dashboardUrl, `/setup#${token}`)
  const lines = [
    `The Latchkey API listens on ${address}. Its reference: ${address}/docs`,
    ...(token === null
      ? []
      : [
          '',
          'Nobody has an account yet. Open this link once, within 24 hours, to create the first:',
          '',
          `  ${link.href}`,
        ]),
  ]
  process.stdout.write(`\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n\n`)
}

/** One line, whatever went wrong, that says what to do where we know it. */
function explain(error: unknown): string {
  if (error instanceof StartError) return error.message
  if (error instanceof StoreUnavailable) return `The database cannot be reached. ${error.message}`
  const { code, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return `Port ${port} is taken by another program. Set PORT to a free one.`
  if (code === 'EACCES' && port !== undefined)
    return `Port ${port} may not be opened by this user. Set PORT to another.`
  const { type, message: safe } = describeError(error)
  return `The program cannot start. ${safe ?? `${type} ${code ?? ''}`}`.replaceAll(/\s+/g, ' ').trim()
}
