export { createFaultProxy, type FaultProxy } from './fault-proxy.ts'
export { freshDatabase, type FreshDatabase } from './fresh-database.ts'
export { startPostgres, type PostgresServer } from './postgres-server.ts'
export { testDatabases, type TestDatabase } from './test-databases.ts'
