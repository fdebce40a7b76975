import { freshDatabase, startPgbouncer } from '@latchkey/testing'
import { expect, it, onTestFinished } from 'vitest'
import { aFolder, run, runJson } from './program.ts'

/** A migrated database behind a pooler that lends connections for one transaction. */
async function behindPooler(ignored: readonly string[] = []): Promise<string> {
  const { url, drop } = await freshDatabase()
  onTestFinished(drop)
  expect((await run(['migrate', '--database', url])).code).toBe(0)
  const pooler = await startPgbouncer(url, { poolSize: 3, ignored })
  onTestFinished(() => pooler.stop())
  return pooler.url
}

async function notifications(url: string) {
  const { code, stdout } = await run(['doctor', '--json'], { cwd: aFolder(), env: { DATABASE_URL: url } })
  const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; message: string }[] }
  return { code, ...checks.find(({ name }) => name === 'notifications') }
}

it('tells what a pooler costs, when the URL says that there is one, and every command works through it', async () => {
  const url = `${await behindPooler()}?pgbouncer=true`
  const check = await notifications(url)
  expect(check).toMatchObject({ code: 0, status: 'warning' })
  expect(check.message).toContain('nodes ask for changes twice a second')

  const options = { cwd: aFolder(), env: { DATABASE_URL: url } }
  const { apiKey, secret } = await runJson<{ apiKey: { id: string }; secret: string }>(
    ['create', 'Pooled', '--owner', 'acme'],
    options,
  )
  expect(await runJson<object>(['verify'], { ...options, input: secret })).toMatchObject({ valid: true })
  expect(await runJson<object>(['revoke', apiKey.id, '--owner', 'acme'], options)).toMatchObject({
    receipt: { nodes: 1, confirmed: 1 },
  })
})

it('hears that nothing is heard behind a pooler that the URL does not tell of', async () => {
  const url = await behindPooler(['statement_timeout', 'idle_in_transaction_session_timeout'])
  const check = await notifications(url)
  expect(check).toMatchObject({ code: 1, status: 'failed' })
  expect(check.message).toContain('Add ?pgbouncer=true to the URL')
})

it('says what to add to the URL when the pooler refuses', async () => {
  const url = await behindPooler()
  const { code, stdout } = await run(['doctor'], { cwd: aFolder(), env: { DATABASE_URL: url } })
  expect(code).toBe(3)
  expect(stdout).toMatch(/^failed +database .*08P01.*add \?pgbouncer=true to the URL\.$/m)
})
