import { randomUUID } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import { latchkey, problems, ProblemError, type Database } from '@latchkey/fastify'
import Fastify, { type FastifyInstance } from 'fastify'
import type { DestinationStream } from 'pino'
import { createAuth } from './account/auth.ts'
import { createInvitations } from './account/invitations.ts'
import { createMembers } from './account/members.ts'
import { isRecent } from './account/require-recent.ts'
import { createRequireSession } from './account/require-session.ts'
import { createOpenId } from './account/openid.ts'
import { createOpenIdAttempts } from './account/openid-attempts.ts'
import { createOpenIdProvider } from './account/openid-provider.ts'
import { createPasskeys } from './account/passkeys.ts'
import { createReauthentication } from './account/reauthentication.ts'
import { accountRoutes } from './account/routes.ts'
import { isCrossOrigin } from './account/same-origin.ts'
import { createSecondFactor } from './account/second-factor.ts'
import { createSessions } from './account/sessions.ts'
import { createSetUp, type SetUp } from './account/set-up.ts'
import type { Config } from './config.ts'
import { crmRoutes, scopes, scopeSets } from './crm/routes.ts'
import { seedWorkspace } from './crm/seed.ts'
import type { AppDatabase } from './database/app-database.ts'
import { isDatabaseTrouble } from './database/trouble.ts'
import { pageOf } from './dashboard-page.ts'
import { earlyErrors } from './early-errors.ts'
import { healthRoutes } from './health.ts'
import { logOptions } from './log.ts'
import { describeRoutes, sessionSecurity, showDocument } from './openapi.ts'
import { operatorRoutes } from './operator/routes.ts'
import { AppProblem } from './problem.ts'
import { addSecurityHeaders } from './security-headers.ts'
import { useStrictInput } from './strict-input.ts'

export interface AppOptions extends Pick<Config, 'dashboardUrl' | 'logLevel' | 'trustProxy'> {
  /** Open, with this app's tables in it. Whoever opened it closes it, after the app. */
  database: Database
  /** Signs session cookies. */
  secret: string
  peppers?: Config['peppers']
  openId?: Config['openId']
  /** Where the log goes; standard output when left out. */
  logStream?: DestinationStream
}

export interface App {
  server: FastifyInstance
  setUp: SetUp
  /** Tells whoever asks that no more requests should be sent here. Those that come are served all the same. */
  stopBeingReady(): void
}

const maxBodyBytes = 16 * 1024

/** Builds the whole API, ready to listen or to be tried with `inject`. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { database, secret, peppers, dashboardUrl } = options
  const db = database.drizzle
  let isOpen = true

  const server = createServer(options)

  const authOn = (on: AppDatabase) =>
    createAuth(on, {
      secret,
      dashboardUrl,
      warn: (message) => server.log.warn({ source: 'better-auth' }, message),
      onWorkspaceCreated: seedWorkspace,
    })
  const auth = authOn(db)
  const sessions = createSessions(db, auth, async (workspaceId) => {
    const { suspension } = await server.latchkey.owners.get(workspaceId)
    return suspension
  })
  const secondFactor = createSecondFactor(db, auth, sessions)
  const provider =
    options.openId && createOpenIdProvider(options.openId, pageOf(dashboardUrl, '/sign-in/openid/callback'))
  const passkeys = createPasskeys(db, auth, sessions, provider?.issuer ?? null)
  const reauthentication = createReauthentication(db, auth, sessions, passkeys)
  const setUp = createSetUp(db, authOn)
  const members = createMembers(db, authOn)
  const invitations = createInvitations(db, authOn)
  const openId =
    provider &&
    createOpenId({ ...{ db, sessions, invitations, provider }, attempts: createOpenIdAttempts(db) })

  await addSecurityHeaders(server)
  await server.register(problems)
  server.addHook('onRequest', (request, _reply, done) => {
    done(isCrossOrigin(request, dashboardUrl) ? new AppProblem('cross_origin') : undefined)
  })
  // A connection that stays open after its last reply would keep the program from ending.
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (!isOpen) void reply.header('connection', 'close')
    done()
  })
  await describeRoutes(server)
  await server.register(rateLimit, {
    global: false,
    errorResponseBuilder: () => new AppProblem('rate_limited'),
  })

  await server.register(latchkey, {
    database,
    scopes,
    scopeSets,
    keyPrefix: 'lk',
    peppers,
    managementSecurity: sessionSecurity,
    async authorize(request) {
      const signedIn = await sessions.read(request)
      if (signedIn === null) return null
      const { user, workspace, role } = signedIn
      const actor = { id: user.id, name: user.name }
      return { owner: workspace.id, actor, role, isProven: isRecent(signedIn) }
    },
  })

  await server.register(async (scope) => {
    useStrictInput(scope)
    scope.setErrorHandler((error, request) => {
      if (!isDatabaseTrouble(error)) throw error
      request.log.error({ err: error }, 'The database did not answer')
      throw new ProblemError('unavailable')
    })
    await scope.register(operatorRoutes, { db, requireSession: createRequireSession(sessions) })
    await scope.register(accountRoutes, {
      ...{ sessions, setUp, secondFactor, passkeys, reauthentication, members, invitations },
      openId: openId ?? null,
      openIdName: options.openId?.name ?? null,
    })
    await scope.register(crmRoutes, { db })
    await scope.register(healthRoutes, { db, isOpen: () => isOpen })
  })
  await showDocument(server)
  await server.ready()

  return {
    server,
    setUp,
    stopBeingReady() {
      isOpen = false
    },
  }
}

function createServer({ logLevel, logStream, trustProxy }: AppOptions): FastifyInstance {
  return Fastify({
    ...earlyErrors,
    logger: logOptions(logLevel, logStream),
    genReqId: () => randomUUID(),
    trustProxy,
    bodyLimit: maxBodyBytes,
    // A new embedded database takes seconds to fill on a busy machine.
    pluginTimeout: 60_000,
    requestTimeout: 30_000,
    handlerTimeout: 10_000,
    // While the program stops, the requests that still arrive are finished like all others.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  })
}
