import type { FastifyInstance, RouteShorthandOptions } from 'fastify'

/** What a server is told about the route it serves. Each contender reads what concerns it. */
export interface ContenderSettings {
  databaseUrl?: string
  /** How many credentials it accepts; number `i` is `secretAt(i)` where it does not make its own. */
  keys?: number
  limits?: boolean
  /** Where better-auth keeps its keys. */
  storage?: 'database' | 'database behind memory' | 'memory'
  /** The reply that a server without authentication gives instead of the usual one. */
  reply?: { status: number; headers: Record<string, string>; body: string }
}

/** A way to protect a route, set up in an app that has no route yet. */
export interface Contender {
  /** How the route is declared so that it is protected. */
  route: RouteShorthandOptions
  /** What a caller sends to be let in, where the caller cannot know it. */
  headers?: Record<string, string>
}

/** Sets a contender up. */
export type CreateContender = (app: FastifyInstance, settings: ContenderSettings) => Promise<Contender>
