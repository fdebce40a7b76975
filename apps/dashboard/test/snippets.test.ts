import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from '@playwright/test'
import {
  apiUrl,
  clipboardText,
  createKey,
  expect,
  openCreate,
  secretOn,
  test,
  uniqueName,
} from './harness/test.ts'

const run = promisify(execFile)

/** Runs what somebody copied, as they would, and tells the status that the API answered. */
const runs: Record<string, (code: string, folder: string) => Promise<string>> = {
  curl: (code) => inShell(`${code} -sS -o /dev/null -w '%{http_code}'`),
  JavaScript: async (code, folder) =>
    firstWord(await inFile(process.execPath, code, join(folder, 'call.mjs'))),
  Python: async (code, folder) => firstWord(await inFile('python3', code, join(folder, 'call.py'))),
  '.env': async (code, folder) => {
    const file = join(folder, '.env')
    await writeFile(file, code)
    return inShell(
      `set -a; . ${file}; curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $LATCHKEY_KEY" "$LATCHKEY_URL/v1/contacts"`,
    )
  },
}

let folder: string
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-snippets-'))
})
test.afterEach(() => rm(folder, { recursive: true }))

for (const [kind, answerOf] of Object.entries(runs))
  test(`the ${kind} code works as it is copied`, async ({ open }) => {
    const page = await open('ada')
    const secret = await createKey(page, uniqueName('Snippet'))
    const code = await copyCode(page, kind)
    expect(code).toContain(secret)
    expect(code.split('\n').length).toBeGreaterThan(1)
    expect(await answerOf(code, folder)).toBe('200')
  })

test('the code asks for what the key may read, from a page on which it works', async ({ open }) => {
  const page = await open('ada')
  await openCreate(page)
  await page.getByLabel('Key Name').fill(uniqueName('Shop'))
  await page.getByRole('checkbox', { name: 'contacts:read' }).uncheck()
  await page.getByText('Limits and restrictions').click()
  await page.getByLabel('Allowed origins').fill('https://*.example.com')
  await page.getByRole('button', { name: 'Generate' }).click()
  await secretOn(page)
  const code = await copyCode(page, 'curl')
  expect(code).toContain(`"${apiUrl}/v1/companies"`)
  expect(code).toContain('"Origin: https://www.example.com"')
  expect(await runs['curl']!(code, folder)).toBe('200')
  for (const kind of ['JavaScript', 'Python'])
    expect(await runs[kind]!(await copyCode(page, kind), folder)).toBe('200')
})

test('the code says so when the key may read nothing', async ({ open }) => {
  const page = await open('ada')
  await openCreate(page)
  await page.getByLabel('Key Name').fill(uniqueName('Writer'))
  await page.getByRole('button', { name: 'Custom' }).click()
  await page.getByRole('checkbox', { name: 'contacts:write' }).check()
  await page.getByRole('button', { name: 'Generate' }).click()
  await secretOn(page)
  await expect(page.getByText('the API answers 403')).toBeVisible()
  expect(await runs['curl']!(await copyCode(page, 'curl'), folder)).toBe('403')
})

test('the code shows the key only when asked to, and is copied with it all the same', async ({ open }) => {
  const page = await open('ada')
  const secret = await createKey(page, uniqueName('Masked'))
  const code = page.locator('pre:visible')
  await expect(code).toContainText('••••')
  await expect(code).not.toContainText(secret)
  await page.getByRole('button', { name: 'Show key' }).click()
  await expect(code).toContainText(secret)
  await page.getByRole('button', { name: 'Hide key' }).click()
  await expect(code).not.toContainText(secret)
})

test('the code is selected with the key where the browser does not copy', async ({ open }) => {
  const page = await open('ada')
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('denied', 'NotAllowedError'))
  })
  const secret = await createKey(page, uniqueName('Refused'))
  await page.getByRole('button', { name: 'Copy code' }).click()
  await expect(page.getByText('The code is selected')).toBeVisible()
  expect(await page.evaluate(() => getSelection()?.toString())).toContain(secret)
})

test('the .env file comes from the browser itself, and whoever has it may close', async ({ open }) => {
  const page = await open('ada')
  const secret = await createKey(page, uniqueName('Download'))
  await page.getByRole('radio', { name: '.env' }).check()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download', exact: true }).click(),
  ])
  expect(download.suggestedFilename()).toBe('latchkey.env')
  expect(await readFile(await download.path(), 'utf8')).toBe(
    `LATCHKEY_URL=${apiUrl}\nLATCHKEY_KEY=${secret}\n`,
  )
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('without script, each code can be chosen, masked', async ({ open }) => {
  const page = await open('ada', { javaScriptEnabled: false })
  const secret = await createKey(page, uniqueName('No script'))
  await page.getByRole('radio', { name: 'Python' }).check()
  await expect(page.locator('pre:visible')).toContainText('urlopen')
  await expect(page.locator('pre:visible')).not.toContainText(secret)
})

async function copyCode(page: Page, kind: string): Promise<string> {
  await page.context().grantPermissions(['clipboard-write'])
  await page.getByRole('radio', { name: kind }).check()
  await page.getByRole('button', { name: 'Copy code' }).click()
  await expect(page.getByRole('button', { name: 'Copied', exact: true })).toBeVisible()
  return clipboardText(page)
}

const inShell = async (command: string) => (await run('bash', ['-c', command])).stdout

async function inFile(program: string, code: string, file: string): Promise<string> {
  await writeFile(file, code)
  return (await run(program, [file], { env: { PATH: process.env['PATH'] } })).stdout
}

const firstWord = (text: string) => text.split(' ', 1)[0] ?? ''
