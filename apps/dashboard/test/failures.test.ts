import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { apiProxy, expect, openCreate, secretOn, test, uniqueName, visit } from './harness/test.ts'

const list = '/settings/api-keys'

test.afterEach(() => apiProxy.heal())

test('when the API does not answer, the page says so and Retry mends it', async ({ open }) => {
  const page = await open('ada')
  await apiProxy.fail({ on: '', kind: 'refused' })
  const response = await page.goto(list)
  expect(response?.status()).toBe(503)
  await expect(page.getByRole('heading', { level: 1, name: 'The API does not answer' })).toBeVisible()
  await apiProxy.heal()
  await page.getByRole('link', { name: 'Retry' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'API Keys' })).toBeVisible()
})

test('when the API goes away between two pages, the menu stays and Retry mends it', async ({ open }) => {
  const page = await open('ada')
  await visit(page, '/settings')
  await apiProxy.fail({ on: 'GET /v1/api-keys', kind: 'refused' })
  await page.getByRole('main').getByRole('link', { name: 'API Keys' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'The API does not answer' })).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
  await apiProxy.heal()
  await page.getByRole('link', { name: 'Retry' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'API Keys' })).toBeVisible()
})

for (const script of [true, false])
  test(`what was entered survives a failed create, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const page = await open('ada', { javaScriptEnabled: script })
    const name = uniqueName('Survivor')
    await openCreate(page)
    await page.getByLabel('Key Name').fill(name)
    await page.getByRole('checkbox', { name: 'companies:read' }).uncheck()
    await apiProxy.fail({ on: 'POST /v1/api-keys', kind: 'refused' })
    await page.getByRole('button', { name: 'Generate' }).click()
    await expect(page.getByRole('alert')).toContainText('The API does not answer')
    await expect(page.getByLabel('Key Name')).toHaveValue(name)
    await expect(page.getByRole('checkbox', { name: 'companies:read' })).not.toBeChecked()
    await apiProxy.heal()
    await page.getByRole('button', { name: 'Generate' }).click()
    await secretOn(page)
  })

for (const script of [true, false])
  test(`an answer lost between API and dashboard still makes one key, ${script ? 'with' : 'without'} script`, async ({
    open,
    keysFor,
  }) => {
    const page = await open('ada', { javaScriptEnabled: script })
    const name = uniqueName('Lost inside')
    await openCreate(page)
    await page.getByLabel('Key Name').fill(name)
    await apiProxy.fail({ on: 'POST /v1/api-keys', kind: 'lost', times: 1 })
    await page.getByRole('button', { name: 'Generate' }).click()
    await expect(page.getByRole('alert')).toContainText('The API does not answer')
    await page.getByRole('button', { name: 'Generate' }).click()
    // Without script nobody can tell this from a reload, so the page only says what has become of the key.
    await expect(
      page.getByRole('heading', { name: script ? 'Copy your key now' : 'This key exists already' }),
    ).toBeVisible()
    expect(await keysFor('ada').count(`&q=${encodeURIComponent(name)}`)).toBe(1)
  })

test('a failed delete says so and deletes nothing', async ({ open, keysFor }) => {
  const name = uniqueName('Kept')
  await keysFor('ada').create({ name })
  const page = await open('ada')
  await visit(page, list)
  await page.getByRole('button', { name: `Delete key ${name}` }).click()
  await apiProxy.fail({ on: 'POST /v1/api-keys/', kind: 'refused' })
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByRole('alert')).toContainText('was not deleted')
  await apiProxy.heal()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByText(`“${name}” is deleted`)).toBeVisible()
})

test('nobody can sign in, and is told why, while the API does not answer', async ({ open }) => {
  const page = await open(null)
  await visit(page, '/sign-in')
  await apiProxy.fail({ on: 'POST /v1/session', kind: 'refused' })
  await page.getByLabel('Email').fill('ada@example.com')
  await page.getByLabel('Password', { exact: true }).fill('whatever it is')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByRole('alert')).toContainText('The API does not answer')
  await expect(page.getByLabel('Email')).toHaveValue('ada@example.com')
})

test('signing out forgets the browser’s part even then', async ({ open }) => {
  const page = await open('ada')
  await visit(page, list)
  await apiProxy.fail({ on: 'DELETE /v1/session', kind: 'refused' })
  await page.getByRole('button', { name: /^Account/ }).click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await expect(page.getByText('the server could not be told')).toBeVisible()
  expect(await page.context().cookies()).toEqual([])
})

test('while a slow API makes up its mind, the shape of the list stands in', async ({ open }) => {
  const page = await open('ada')
  await visit(page, '/settings')
  await apiProxy.fail({ on: 'GET /v1/api-keys', kind: { slowMs: 2_000 } })
  await page.getByRole('main').getByRole('link', { name: 'API Keys' }).click()
  await expect(page.getByText('Loading API keys')).toBeAttached({ timeout: 2_000 })
  // Several answers of the API stand between, each of them slow.
  const heading = page.getByRole('heading', { level: 1, name: 'API Keys' })
  await expect(heading).toBeVisible({ timeout: 20_000 })
  await expect(page.getByText('Loading API keys')).toHaveCount(0)
})

test.describe('the server refuses to start, naming what is wrong,', () => {
  const wrong = {
    'an API_URL that is no address': { API_URL: 'localhost:3000' },
    'an API_URL with a password in it': { API_URL: 'http://user:hunter2@localhost' },
    'an ORIGIN with a path': { ORIGIN: 'https://keys.example.com/latchkey' },
    'an ORIGIN that is no address': { ORIGIN: 'keys.example.com' },
  }
  for (const [what, environment] of Object.entries(wrong))
    test(`for ${what}`, async () => {
      const file = fileURLToPath(new URL('../build/index.js', import.meta.url))
      const child = spawn(process.execPath, [file], {
        env: { PATH: process.env['PATH'] ?? '', PORT: '0', ...environment },
      })
      let printed = ''
      child.stdout.on('data', (text) => (printed += String(text)))
      child.stderr.on('data', (text) => (printed += String(text)))
      const [code] = (await once(child, 'exit')) as [number]
      expect(code).not.toBe(0)
      expect(printed).toContain(Object.keys(environment)[0])
      expect(printed).not.toContain('hunter2')
    })
})
