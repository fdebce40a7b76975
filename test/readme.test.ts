import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, root, startProgram } from './program.ts'

test('the code under "Add it to your Fastify app" works when pasted: create a key, call with it, delete it', async () => {
  const readme = await readFile(`${root}/README.md`, 'utf8')
  const code = /## Add it to your Fastify app[^]*?```ts\n([^]*?)```/.exec(readme)?.[1]
  expect(code).toBeDefined()

  // Inside the plugin's folder, so that Node finds the packages by name, as in an app that has them installed.
  await mkdir(`${root}/packages/fastify/test-results`, { recursive: true })
  const folder = await mkdtemp(`${root}/packages/fastify/test-results/readme-`)
  const port = await freePort()
  const file = join(folder, 'app.ts')
  await writeFile(file, code!.replaceAll('3000', String(port)))
  const program = startProgram([file], { LATCHKEY_DATA: join(folder, 'data') }, { cwd: folder })
  onTestFinished(async () => {
    program.child.kill('SIGTERM')
    await program.ended()
    await rm(folder, { recursive: true })
  })

  const base = `http://localhost:${port}/v1`
  await answers(`${base}/contacts`)
  const created = await fetch(`${base}/api-keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Integration with CRM', scopes: ['contacts:read'] }),
  })
  expect(created.status).toBe(201)
  const { apiKey, secret } = (await created.json()) as { apiKey: { id: string }; secret: string }

  const call = () => fetch(`${base}/contacts`, { headers: { authorization: `Bearer ${secret}` } })
  expect((await call()).status).toBe(200)
  expect((await fetch(`${base}/api-keys/${apiKey.id}`, { method: 'DELETE' })).status).toBe(200)
  expect((await call()).status).toBe(401)
})

/** Waits until the app listens: any answer will do. */
async function answers(url: string): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const reply = await fetch(url).catch(() => null)
    if (reply !== null) return
    if (Date.now() > deadline) throw new Error(`No answer from ${url}.`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
