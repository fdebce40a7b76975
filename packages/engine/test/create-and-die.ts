/** Creates a key and is killed after the commit, before anyone hears of it: target, owner, Idempotency-Key. */
import { createLatchkey, openDatabase } from '@latchkey/engine'

const [target, owner, idempotencyKey] = process.argv.slice(2) as [string, string, string]
const database = await openDatabase(target)
const latchkey = await createLatchkey({ database })

const query = database.query.bind(database)
database.query = async (text, parameters) => {
  const rows = await query<never>(text, parameters)
  if (!text.includes('create_key')) return rows
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}
await latchkey.keys.create(owner, { id: 'user_ann', name: 'Ann' }, { name: 'k', idempotencyKey })
