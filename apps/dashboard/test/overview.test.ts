import type { BrowserContextOptions, Page } from '@playwright/test'
import { age, callWith, keysOf } from './harness/keys.ts'
import { addPerson, signInAtApi } from './harness/people.ts'
import { apiUrl, cookieFor, databaseSql, expect, test, uniqueName, visit } from './harness/test.ts'

/** Somebody in a workspace of their own, in which nothing has happened yet. */
async function newcomer() {
  const email = `${uniqueName('new').replace(' ', '-')}@example.com`
  const sql = databaseSql()
  await addPerson(sql, { email, name: 'Newcomer', role: 'owner', ownWorkspace: `Of ${email}` })
  await sql.end()
  const cookie = await signInAtApi(apiUrl, email)
  return { cookie, keys: keysOf(apiUrl, cookie) }
}

type Open = (person: null, options?: BrowserContextOptions) => Promise<Page>

async function openAs(open: Open, cookie: string, options?: BrowserContextOptions): Promise<Page> {
  const page = await open(null, options)
  await page.context().addCookies([cookieFor(cookie)])
  return page
}

const step = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name })

test.describe('the first steps', () => {
  test('lead from no key to the first request, which is seen within two seconds, and are then gone', async ({
    open,
  }) => {
    const { cookie } = await newcomer()
    const page = await openAs(open, cookie)
    await visit(page, '/')
    await expect(step(page, 'Create a key')).toHaveAttribute('aria-current', 'step')
    await page.getByRole('link', { name: 'Create API Key' }).click()
    await page.getByLabel('Key Name').fill('First')
    await page.getByRole('button', { name: 'Generate' }).click()
    const secret = (await page.locator('code[data-1p-ignore]').textContent()) ?? ''
    await page.getByLabel('I have saved it').check()
    await page.getByRole('link', { name: 'Done' }).click()

    await page.getByRole('link', { name: 'Overview' }).click()
    await expect(step(page, 'Create a key')).toContainText('(done)')
    await expect(step(page, 'Call the API with it')).toHaveAttribute('aria-current', 'step')
    await expect(page.getByText('Waiting for the first request…')).toBeVisible()
    expect(await callWith(apiUrl, secret)).toBe(200)
    await expect(page.getByText('The first request has arrived.')).toBeVisible({ timeout: 2_000 })
    await expect(step(page, 'Bring your team')).toHaveAttribute('aria-current', 'step')

    await page.reload()
    await expect(page.getByRole('heading', { name: 'Requests' })).toBeVisible()
    await expect(page.getByText('Get started')).toHaveCount(0)
  })

  test('say without script how to see whether a request has come', async ({ open }) => {
    const { cookie, keys } = await newcomer()
    await keys.create({ name: 'First' })
    const page = await openAs(open, cookie, { javaScriptEnabled: false })
    await page.goto('/')
    await expect(page.getByText('Reload this page to see whether a request has come.')).toBeVisible()
  })
})

test('requests and refusals of a week and of a day are told in a sentence, a chart and a table', async ({
  open,
}) => {
  const { cookie, keys } = await newcomer()
  const { id, secret } = await keys.create({ name: uniqueName('Busy'), scopes: ['contacts:read'] })
  for (let call = 0; call < 12; call++) expect(await callWith(apiUrl, secret)).toBe(200)
  await keys.disable(id)
  for (let call = 0; call < 3; call++) expect(await callWith(apiUrl, secret)).toBe(401)
  // The first of them are stored at once, the rest within ten seconds.
  await expect.poll(() => keys.requests(), { timeout: 15_000 }).toBe(15)

  const page = await openAs(open, cookie)
  await visit(page, '/')
  await expect(page.getByText('15 requests in the last 7 days, of which 3 (20%) were refused.')).toBeVisible()
  await page.getByText('Show as a table').click()
  const rows = page.getByRole('table', { name: 'Requests' }).getByRole('row')
  await expect(rows).toHaveCount(8)
  await expect(rows.filter({ hasText: /12\s*3$/ })).toHaveCount(1)

  await page.getByRole('link', { name: '24 hours' }).click()
  await expect(
    page.getByText('15 requests in the last 24 hours, of which 3 (20%) were refused.'),
  ).toBeVisible()
  await expect(page.getByRole('link', { name: '24 hours' })).toHaveAttribute('aria-current', 'true')
})

test('keys that end soon, that nobody uses and that never end are shown with what mends them', async ({
  open,
}) => {
  const { cookie, keys } = await newcomer()
  const dayMs = 24 * 3600_000
  const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString()
  const names = { soon: uniqueName('Soon'), unused: uniqueName('Unused'), forever: uniqueName('Forever') }
  await keys.create({ name: names.soon, expiresAt: inDays(5) })
  await keys.create({ name: names.unused, expiresAt: inDays(300) })
  const { id, secret } = await keys.create({
    name: names.forever,
    scopes: ['contacts:read'],
    expiresAt: null,
  })
  for (let number = 1; number <= 3; number++)
    await keys.create({ name: `${names.forever} ${number}`, expiresAt: null })
  expect(await callWith(apiUrl, secret)).toBe(200)
  const sql = databaseSql()
  await age(sql, names.unused, { createdMs: 60 * dayMs })
  await sql.end()
  await expect.poll(() => keys.requests(), { timeout: 15_000 }).toBe(1)

  const page = await openAs(open, cookie)
  await visit(page, '/')
  const card = (name: string) => page.getByRole('region', { name })
  await expect(card('1 key expires soon').getByRole('link', { name: names.soon, exact: true })).toBeVisible()
  await expect(card('4 keys without an end').getByRole('link', { name: 'Show all 4' })).toHaveAttribute(
    'href',
    '/settings/api-keys?attention=never-expires',
  )
  const busy = page.getByRole('region', { name: 'Busiest keys' })
  await expect(busy.getByRole('link', { name: names.forever })).toHaveAttribute(
    'href',
    `/settings/api-keys/${id}`,
  )
  await expect(
    card('1 key expires soon').getByRole('link', { name: `Extend ${names.soon}` }),
  ).toHaveAttribute('href', /\/edit$/)
  await card('1 key not used for 30 days')
    .getByRole('link', { name: `Delete ${names.unused}` })
    .click()
  await expect(page.getByRole('heading', { name: 'Delete this API key?' })).toBeVisible()
})
