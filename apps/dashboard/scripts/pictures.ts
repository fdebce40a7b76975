/**
 * Writes docs/pictures/*.png from the running dashboard, on data of a throw-away database. Run it after `npm run build`,
 * when a page has changed: `npm run pictures -w @latchkey/dashboard`.
 */
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from '@playwright/test'
import { age, keysOf } from '../test/harness/keys.ts'
import { addPerson, ada, nameAda, password, signInAtApi } from '../test/harness/people.ts'
import { startServers, type Servers } from '../test/harness/servers.ts'

const folder = fileURLToPath(new URL('../../../docs/pictures/', import.meta.url))
const hourMs = 3600_000
const dayMs = 24 * hourMs
const desktop = { viewport: { width: 1280, height: 720 }, deviceScaleFactor: 1.25 }
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }

await mkdir(folder, { recursive: true })
const servers = await startServers({ email: ada.email, password }, 'http://localhost:3000')
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  await fill(servers)
  await takePictures(browser, servers)
} finally {
  await browser.close()
  await servers.stop()
}

async function fill({ sql, apiUrl }: Servers): Promise<void> {
  await nameAda(sql)
  await addPerson(sql, {
    email: 'new@example.com',
    name: 'Ada Lovelace',
    role: 'owner',
    ownWorkspace: ada.workspace,
  })
  const keys = keysOf(apiUrl, await signInAtApi(apiUrl, ada.email))
  const all = ['contacts:read', 'contacts:write', 'companies:read']

  await keys.create({ name: 'Legacy importer', scopes: all.slice(0, 2) })
  await age(sql, 'Legacy importer', { createdMs: 410 * dayMs, usedMs: 34 * dayMs, expiresMs: -30 * dayMs })
  const staging = await keys.create({
    name: 'Mobile app (staging)',
    environment: 'test',
    scopes: all.slice(0, 1),
  })
  await keys.disable(staging.id)
  await age(sql, 'Mobile app (staging)', { createdMs: 92 * dayMs, usedMs: 26 * dayMs, by: 'Grace Hopper' })
  await keys.create({ name: 'Nightly export', scopes: ['contacts:read', 'companies:read'] })
  await age(sql, 'Nightly export', { createdMs: 84 * dayMs, usedMs: 9 * hourMs, expiresMs: 5.5 * dayMs })
  await keys.create({ name: 'Zapier', scopes: all })
  await age(sql, 'Zapier', {
    createdMs: 21 * dayMs,
    usedMs: 4 * 60_000,
    expiresMs: 69 * dayMs,
    by: 'Grace Hopper',
  })
  await keys.create({ name: 'Marketing website', scopes: ['contacts:write'] })
  await age(sql, 'Marketing website', { createdMs: 3 * dayMs, expiresMs: 87 * dayMs })
}

async function takePictures(browser: Browser, { origin, apiUrl, sql }: Servers): Promise<void> {
  const list = '/settings/api-keys'

  /** A signed-in page of a new browser; without an email, nobody’s. */
  async function open(email: string | null, options: BrowserContextOptions): Promise<Page> {
    const context = await browser.newContext({ baseURL: origin, reducedMotion: 'reduce', ...options })
    if (email) {
      const [name = '', value = ''] = (await signInAtApi(apiUrl, email)).split(/=(.*)/s)
      await context.addCookies([{ name, value, url: 'https://localhost', httpOnly: true, sameSite: 'Lax' }])
    }
    return context.newPage()
  }
  const take = (page: Page, name: string) => page.screenshot({ path: `${folder}${name}.png` })
  /** A part of a page with a little of what is around it. */
  async function takePart(part: Locator, name: string, marginPx: number) {
    const box = await part.boundingBox()
    if (!box) throw new Error(`There is nothing to take for ${name}.`)
    const { x, y, width, height } = box
    const clip = {
      x: x - marginPx,
      y: y - marginPx,
      width: width + 2 * marginPx,
      height: height + 2 * marginPx,
    }
    await part.page().screenshot({ path: `${folder}${name}.png`, clip })
  }
  const takeDialog = (page: Page, name: string) =>
    takePart(page.locator('[role=dialog], [role=alertdialog]'), name, 40)
  const visit = (page: Page, path: string) => page.goto(path, { waitUntil: 'networkidle' })

  const stranger = await open(null, desktop)
  await visit(stranger, '/sign-in')
  await take(stranger, 'sign-in')

  const newcomer = await open('new@example.com', { ...desktop, viewport: { width: 1280, height: 740 } })
  await visit(newcomer, list)
  await take(newcomer, 'empty')

  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await open(ada.email, { ...desktop, colorScheme })
    await visit(page, list)
    await take(page, `list-${colorScheme}`)
  }
  const onPhone = await open(ada.email, phone)
  await visit(onPhone, list)
  await take(onPhone, 'list-phone')

  const page = await open(ada.email, { viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1.5 })
  await visit(page, list)
  await page.getByRole('button', { name: 'Create API Key' }).click()
  await page.getByLabel('Key Name').fill('Integration with CRM')
  await takeDialog(page, 'create')
  await page.getByRole('button', { name: 'Generate' }).click()
  await page.getByRole('button', { name: 'Copy', exact: true }).waitFor()
  await takeDialog(page, 'reveal')
  await page.getByLabel('I have saved it').check()
  await age(sql, 'Integration with CRM', {
    createdMs: 12 * dayMs,
    usedMs: 5.5 * 60_000,
    usedFrom: '203.0.113.7',
    requests: 1_204,
  })
  await page.getByRole('link', { name: 'Done' }).click()
  await visit(page, list)
  await page.getByRole('button', { name: 'Delete key Integration with CRM' }).click()
  await page.getByText('in the last 24 hours').waitFor()
  await takeDialog(page, 'delete')
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  const toast = page.getByRole('status', { name: 'Messages' })
  await toast.getByText('Rejected on').waitFor()
  await takePart(toast, 'deleted', 16)
}
