import {
  auditJsonLine,
  createLatchkey,
  openDatabase,
  StoreUnavailable,
  type Latchkey,
} from '@latchkey/fastify'
import { readConfig } from '../config.ts'
import { migrate } from '../database/migrate.ts'
import { StartError } from '../start-error.ts'
import { operatorTrail } from './looks.ts'
import { createOperators, type Operators } from './operators.ts'

const usage = `Say who runs this platform:

  npm run operator -w @latchkey/api -- appoint ada@example.com
  npm run operator -w @latchkey/api -- dismiss ada@example.com
  npm run operator -w @latchkey/api -- list
  npm run operator -w @latchkey/api -- trail    # what operators did, as JSON Lines

It needs the same environment as the API (DATABASE_URL, or LATCHKEY_DATA while the API is stopped).`

try {
  process.stdout.write(`${await run(process.argv.slice(2))}\n`)
} catch (error) {
  if (!(error instanceof Error)) throw error
  const isTold = error instanceof StartError || error instanceof StoreUnavailable
  process.stderr.write(`${isTold || error.message.includes('in use') ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function run([verb = '', email = '', ...rest]: string[]): Promise<string> {
  const needsEmail = verb === 'appoint' || verb === 'dismiss'
  const isKnown = needsEmail || verb === 'list' || verb === 'trail'
  if (!isKnown || needsEmail !== (email !== '') || rest.length > 0) {
    throw new StartError(usage)
  }
  // npm runs a program of a workspace in the workspace's folder; data is where the command was typed.
  process.chdir(process.env['INIT_CWD'] ?? '.')
  const { databaseTarget, peppers } = readConfig(process.env)
  const database = await openDatabase(databaseTarget)
  try {
    await migrate(database.drizzle)
    const latchkey = await createLatchkey({ database, peppers })
    try {
      if (verb === 'trail') return await readTrail(latchkey.audit)
      return await carryOut(createOperators(database.drizzle, latchkey.audit), verb, email)
    } finally {
      await latchkey.close()
    }
  } finally {
    await database.close()
  }
}

async function readTrail(audit: Latchkey['audit']): Promise<string> {
  const exported = audit.export(operatorTrail)
  if (!exported.ok) throw new Error(exported.message)
  let lines = ''
  for await (const event of exported.events) lines += auditJsonLine(event)
  return lines.trimEnd()
}

async function carryOut(operators: Operators, verb: string, email: string): Promise<string> {
  if (verb === 'list') {
    const people = await operators.list()
    if (people.length === 0) return 'Nobody is an operator.'
    return people.map(({ name, email }) => `${email}  ${name}`).join('\n')
  }
  const person = await (verb === 'appoint' ? operators.appoint(email) : operators.dismiss(email))
  if (person === null) throw new StartError(`Nobody with the address ${email} has an account.`)
  const who = `${person.name} (${person.email})`
  return verb === 'appoint'
    ? `${who} is an operator. The operator area opens as soon as they have a second factor: Settings > Security.`
    : `${who} is no operator any more.`
}
