import {
  expect,
  test as base,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from '@playwright/test'
import postgres from 'postgres'
import { ada, signInAtApi } from './people.ts'
import { keysOf } from './keys.ts'
import { proxyControl } from './proxy.ts'

/** What the set-up tells this worker. */
const fromSetup = (name: string): string => {
  const value = process.env[`${name}_${process.env['TEST_PARALLEL_INDEX'] ?? 0}`]
  if (!value) throw new Error(`${name} is missing: the tests run under playwright.config.ts.`)
  return value
}

export const origin = fromSetup('TEST_ORIGIN')
export const apiUrl = fromSetup('TEST_API_URL')
/** Between browser and dashboard. */
export const front = proxyControl(origin)
/** Between dashboard and API. */
export const apiProxy = proxyControl(fromSetup('TEST_API_PROXY_URL'))

/** The API’s database, for what no route can bring about. Ends with the test process. */
export const databaseSql = (): postgres.Sql =>
  postgres(fromSetup('TEST_DASHBOARD_DATABASE_URL'), { max: 1, idle_timeout: 1 })

export type Person = 'ada' | 'vic' | 'nia' | 'max'
const emails: Record<Person, string> = {
  ada: ada.email,
  vic: 'vic@example.com',
  nia: 'nia@example.com',
  max: 'max@example.com',
}

interface Fixtures {
  /** A page of a new browser in which a person is signed in, or nobody. */
  open: (person: Person | null, options?: BrowserContextOptions) => Promise<Page>
  /** A person’s keys, past the dashboard. */
  keysFor: (person: Person) => ReturnType<typeof keysOf>
}

interface WorkerFixtures {
  cookies: Record<Person, string>
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  cookies: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the parameter’s text
    async ({}, use) => {
      const entries = await Promise.all(
        Object.entries(emails).map(async ([person, email]) => [person, await signInAtApi(apiUrl, email)]),
      )
      await use(Object.fromEntries(entries) as Record<Person, string>)
    },
    { scope: 'worker' },
  ],

  keysFor: async ({ cookies }, use) => use((person) => keysOf(apiUrl, cookies[person])),

  // Whatever a test is about, it also proves that its pages keep to their content security policy.
  open: async ({ browser, cookies }, use) => {
    const contexts: BrowserContext[] = []
    const complaints: string[] = []
    await use(async (person, options) => {
      // Chromium lets a page write there on a click; its headless shell has nobody who would.
      const permissions = ['clipboard-write']
      const context = await browser.newContext({ baseURL: origin, permissions, ...options })
      contexts.push(context)
      if (options?.javaScriptEnabled === false) withoutScript.add(context)
      if (person) await context.addCookies([cookieFor(cookies[person])])
      context.on('console', (message) => {
        if (/content security policy/i.test(message.text())) complaints.push(message.text())
      })
      context.on('weberror', (error) => complaints.push(String(error.error())))
      return context.newPage()
    })
    await Promise.all(contexts.map((context) => context.close()))
    expect(complaints).toEqual([])
  },
})

export { expect }

/** A session’s cookie as Playwright takes it: only for an https address may it be a Secure one. */
export function cookieFor(cookie: string) {
  const [name = '', value = ''] = cookie.split(/=(.*)/s)
  return { name, value, url: 'https://localhost', httpOnly: true, sameSite: 'Lax' as const }
}

const withoutScript = new WeakSet<BrowserContext>()

/** Goes to a page and waits until its script, if it may have one, has taken over. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await takenOver(page)
}

/** Kit’s announcer of page changes is there as soon as the script is. */
export async function takenOver(page: Page): Promise<void> {
  if (!withoutScript.has(page.context()))
    await page.locator('#svelte-announcer').waitFor({ state: 'attached' })
}

/** Opens the form for a new key, over the list or as a page of its own, whatever the screen asks for. */
export async function openCreate(page: Page): Promise<void> {
  await visit(page, '/settings/api-keys')
  await page.getByRole('button', { name: 'Create API Key' }).click()
  await expect(page.getByLabel('Key Name')).toBeVisible()
}

/** Creates a key and leaves its secret on the screen. */
export async function createKey(page: Page, name: string): Promise<string> {
  await openCreate(page)
  await page.getByLabel('Key Name').fill(name)
  await page.getByRole('button', { name: 'Generate' }).click()
  return secretOn(page)
}

export const revealed = (page: Page) => page.locator('code[data-1p-ignore]')

export async function secretOn(page: Page): Promise<string> {
  await expect(page.getByRole('heading', { name: 'Copy your key now' })).toBeVisible()
  return (await revealed(page).textContent()) ?? ''
}

/** Answers the question whether to delete a key; of one that was used lately it also asks for the name. */
export async function confirmDelete(page: Page, name: string, button = 'Delete'): Promise<void> {
  const typed = page.locator('#delete-name')
  if (await typed.isVisible()) await typed.fill(name)
  await page.getByRole('button', { name: button, exact: true }).click()
}

/** What lies in the clipboard, read as a person would: by pasting it somewhere. */
export async function clipboardText(page: Page): Promise<string> {
  const elsewhere = await page.context().newPage()
  await elsewhere.setContent('<textarea autofocus></textarea>')
  await elsewhere.locator('textarea').press('Control+V')
  const text = await elsewhere.locator('textarea').inputValue()
  await elsewhere.close()
  return text
}

/** A name that no other test uses. */
export const uniqueName = (what: string) => `${what} ${Math.random().toString(36).slice(2, 8)}`
