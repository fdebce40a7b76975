import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'

/** A Drizzle database, on PGlite or postgres.js alike, or a transaction on one. */
export type AppDatabase = PgDatabase<PgQueryResultHKT, Record<string, unknown>>
