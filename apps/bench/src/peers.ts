import type { ContenderSettings } from './contenders/contender.ts'
import { race, type Entrant, type HttpFigure } from './race.ts'
import { withDatabase, withKeys, type Setting } from './setting.ts'

/** By entrant; `none` is without authentication, `latchkey` has everything on. */
export type PeersFigures = Record<string, HttpFigure>

/** Requests per second of one route with one hot key, protected by Latchkey and by what else there is. */
export async function measurePeers(setting: Setting): Promise<PeersFigures> {
  return withKeys(setting, { count: 1, states: 'active', withLimits: true }, (databaseUrl) =>
    withDatabase(setting, ({ url: betterAuthUrl }) =>
      race(
        setting,
        [
          { id: 'none', label: 'no authentication', settings: { contender: 'none' } },
          {
            id: 'latchkey',
            label: 'Latchkey: key, scope, two limits, metering',
            settings: { contender: 'latchkey', databaseUrl },
          },
          bearerAuth(1),
          bearerAuth(1_000),
          bearerAuth(100_000),
          {
            id: 'fastify-api-key',
            label: 'fastify-api-key (signed requests)',
            settings: { contender: 'signed-requests' },
          },
          betterAuth(betterAuthUrl, 'database', 'Postgres', false),
          betterAuth(betterAuthUrl, 'database', 'Postgres', true),
          betterAuth(betterAuthUrl, 'database behind memory', 'memory before Postgres', false),
          betterAuth(betterAuthUrl, 'database behind memory', 'memory before Postgres', true),
          betterAuth(betterAuthUrl, 'memory', 'memory alone', false),
          betterAuth(betterAuthUrl, 'memory', 'memory alone', true),
        ],
        { generations: 3, rounds: 3 },
      ),
    ),
  )
}

function bearerAuth(keys: number): Entrant {
  return {
    id: `bearer-auth ${keys}`,
    label: `@fastify/bearer-auth, ${keys.toLocaleString('en')} ${keys === 1 ? 'key' : 'keys'}`,
    settings: { contender: 'bearer-auth', keys },
  }
}

function betterAuth(
  databaseUrl: string,
  storage: NonNullable<ContenderSettings['storage']>,
  where: string,
  limits: boolean,
): Entrant {
  return {
    id: `better-auth ${storage}${limits ? ' limits' : ''}`,
    label: `better-auth, ${where}, limits ${limits ? 'on' : 'off'}`,
    settings: { contender: 'better-auth', databaseUrl, storage, limits },
  }
}
