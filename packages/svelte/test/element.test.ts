import { expect, test, type Page } from '@playwright/test'
import type { FastifyInstance } from 'fastify'
import { startHost } from './harness/host.ts'

let app: FastifyInstance
let address: string
test.beforeAll(async () => {
  const host = await startHost()
  app = host.app
  address = host.address
})
test.afterAll(() => app.close())

// Whatever a test is about, it also proves that the element keeps to a strict content security policy.
let complaints: string[]
test.beforeEach(({ context }) => {
  complaints = []
  context.on('console', (message) => {
    if (/content security policy|trusted/i.test(message.text())) complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
})
test.afterEach(() => expect(complaints).toEqual([]))

const secretOf = (page: Page) => page.locator('code[data-1p-ignore]')
const statusWith = async (secret: string) =>
  (await fetch(`${address}/v1/contacts`, { headers: { authorization: `Bearer ${secret}` } })).status
/** All that is in the document and in the shadow tree. */
const wholePage = (page: Page) =>
  page.evaluate(() => {
    const { shadowRoot } = document.querySelector('latchkey-api-keys')!
    return document.documentElement.outerHTML + shadowRoot!.innerHTML
  })
const signIn = (page: Page) =>
  page.context().addCookies([{ name: 'session', value: 'ada', url: address, sameSite: 'Lax' }])

async function create(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name: 'Create API Key' }).click()
  await page.getByLabel('Key Name').fill(name)
  await page.getByRole('button', { name: 'Generate' }).click()
  await expect(page.getByRole('heading', { name: 'Copy your key now' })).toBeVisible()
  return (await secretOf(page).textContent()) ?? ''
}

test('creates a key, shows it once, and deletes it with a receipt, on any page', async ({ page }) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: address })
  await page.goto(address)
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible()
  await signIn(page)
  await page.evaluate(() => {
    const told: unknown[] = []
    for (const what of ['latchkey-key-created', 'latchkey-key-deleted'] as const)
      document.addEventListener(what, (event) => told.push([what, (event as CustomEvent<unknown>).detail]))
    Object.assign(globalThis, { told })
  })
  await page.getByRole('button', { name: 'Retry' }).click()
  await expect(page.getByRole('heading', { name: 'No API keys yet' })).toBeVisible()

  const secret = await create(page, 'Integration with CRM')
  expect(secret).toMatch(/^lk_live_/)
  await page.getByRole('button', { name: 'Copy', exact: true }).click()
  await expect(page.getByText('Key copied to the clipboard.')).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret)
  expect(await statusWith(secret)).toBe(200)
  await expect(page.getByText('The first call has arrived')).toBeVisible()
  await page.getByRole('button', { name: 'Done' }).click()
  await expect(secretOf(page)).toBeHidden()
  expect(await wholePage(page)).not.toContain(secret)

  const row = page.getByRole('row', { name: 'Integration with CRM' })
  await expect(row.getByText('Active')).toBeVisible()
  await row.getByRole('button', { name: 'Delete key Integration with CRM' }).click()
  const dialog = page.getByRole('alertdialog')
  await dialog.getByLabel('Type its name').fill('Integration with CRM')
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByText(/is deleted\. Rejected on 1 of 1 node after \d+ ms\./)).toBeVisible()
  expect(await statusWith(secret)).toBe(401)
  await page.getByRole('button', { name: 'Restore' }).click()
  await expect(page.getByText('“Integration with CRM” is restored.')).toBeVisible()
  expect(await statusWith(secret)).toBe(200)

  const told = await page.evaluate(() => (globalThis as unknown as { told: unknown[] }).told)
  const key = { id: expect.stringMatching(/^key_/) as unknown, name: 'Integration with CRM' }
  expect(told).toEqual([
    ['latchkey-key-created', key],
    ['latchkey-key-deleted', key],
  ])
})

test('renames, disables, enables and rotates', async ({ page }) => {
  await signIn(page)
  await page.goto(address)
  const first = await create(page, 'Nightly')
  await page.getByLabel('I have saved it somewhere safe').check()
  await page.getByRole('button', { name: 'Done' }).click()
  const choose = async (name: string, what: string) => {
    await page.getByRole('button', { name: `More for key ${name}` }).click()
    await page.getByRole('menuitem', { name: what }).click()
  }

  await choose('Nightly', 'Rename')
  await page.getByLabel('New name of Nightly').fill('Nightly export')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('The key is now called “Nightly export”.')).toBeVisible()

  await choose('Nightly export', 'Disable')
  await expect(page.getByText(/is disabled\. Rejected on 1 of 1 node/)).toBeVisible()
  expect(await statusWith(first)).toBe(401)
  await choose('Nightly export', 'Enable')
  await expect(page.getByText('“Nightly export” is enabled.')).toBeVisible()
  expect(await statusWith(first)).toBe(200)

  await choose('Nightly export', 'Rotate')
  await page.getByLabel('Not at all').check()
  await page.getByRole('button', { name: 'Rotate', exact: true }).click()
  await expect(page.getByText('The old secret has ended.')).toBeVisible()
  const second = (await secretOf(page).textContent()) ?? ''
  expect(second).not.toBe(first)
  expect([await statusWith(first), await statusWith(second)]).toEqual([401, 200])
})

test('nobody loses a key by accident, and none stays behind', async ({ page }) => {
  await signIn(page)
  await page.goto(address)
  const secret = await create(page, 'Guarded')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('alertdialog', { name: 'Close without copying?' })).toBeVisible()
  await page.getByRole('button', { name: 'Go back' }).click()
  await expect(secretOf(page)).toHaveText(secret)

  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide')))
  await expect(secretOf(page)).toBeHidden()
  expect(await wholePage(page)).not.toContain(secret)
  await page.getByRole('button', { name: 'Done' }).click()

  const other = await create(page, 'Taken away')
  const left = await page.evaluate(() => {
    const element = document.querySelector('latchkey-api-keys')!
    element.remove()
    return element.shadowRoot!.innerHTML
  })
  expect(left).not.toContain(other)
})

test('speaks the language and wears the theme that its attributes ask for', async ({ page }) => {
  await signIn(page)
  await page.goto(address)
  const element = page.locator('latchkey-api-keys')
  await expect(page.getByRole('heading', { name: 'API Keys' })).toBeVisible()
  await element.evaluate((node) => node.setAttribute('locale', 'de-AT'))
  await expect(page.getByRole('heading', { name: 'API-Schlüssel' })).toBeVisible()
  const color = () =>
    page.getByRole('heading', { name: 'API-Schlüssel' }).evaluate((node) => getComputedStyle(node).color)
  const light = await color()
  await element.evaluate((node) => node.setAttribute('theme', 'dark'))
  expect(await color()).not.toBe(light)
  await element.evaluate((node) => node.setAttribute('read-only', ''))
  await expect(page.getByRole('button', { name: 'API-Schlüssel erstellen' })).toBeHidden()
})
