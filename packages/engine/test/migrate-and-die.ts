/** Is killed when half of the first migration is done: target. */
import { openDatabase } from '@latchkey/engine'
import { sql } from 'drizzle-orm'
import { migrate } from '../src/postgres/migrate.ts'
import { migrations } from '../src/postgres/migrations/index.ts'

const database = await openDatabase(process.argv[2])
const [first] = migrations
const statements = [...first!.statements.slice(0, 5), sql`select pg_sleep(0.01)`]
await migrate(database, [
  {
    ...first!,
    get statements() {
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 0)
      return [...statements, sql`select pg_sleep(3)`]
    },
  },
])
