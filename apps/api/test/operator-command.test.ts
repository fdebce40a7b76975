import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { openDatabase } from '@latchkey/fastify'
import { expect, it } from 'vitest'
import { users } from '../src/account/tables.ts'
import { migrate } from '../src/database/migrate.ts'
import { dataFolder } from './process.ts'

const command = fileURLToPath(new URL('../src/operator/command.ts', import.meta.url))

/** The program as npm would start it: elsewhere than where the data is. */
function run(folder: string, ...args: string[]) {
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, LATCHKEY_DATA: '.', INIT_CWD: folder }
  const node = ['--conditions=@latchkey/source', command, ...args]
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, node, { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

it(
  '`npm run operator` appoints where the database is, tells of it, and waits for nobody who has it',
  { timeout: 90_000 },
  async () => {
    const folder = await dataFolder()
    try {
      const database = await openDatabase(folder.path)
      await migrate(database.drizzle)
      await database.drizzle.insert(users).values({ id: 'user_ada', name: 'Ada', email: 'ada@example.com' })
      const busy = await run(folder.path, 'list')
      await database.close()
      expect(busy.code).toBe(1)
      expect(busy.stderr).toMatch(/is in use by another process/)

      const appointed = await run(folder.path, 'appoint', 'Ada@example.com')
      expect(appointed.stdout).toMatch(/^Ada \(ada@example\.com\) is an operator\. .*second factor/)
      const { stdout } = await run(folder.path, 'trail')
      expect(JSON.parse(stdout)).toMatchObject({
        ...{ action: 'operator.appointed', owner: 'operators', sequence: 1 },
        ...{ actor: { type: 'system' }, after: { userId: 'user_ada' } },
      })
      const wrong = await run(folder.path, 'promote', 'ada@example.com')
      expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('npm run operator')])
    } finally {
      await folder.remove()
    }
  },
)
