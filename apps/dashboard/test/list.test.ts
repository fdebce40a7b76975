import type { Page } from '@playwright/test'
import { createKey, expect, front, origin, secretOn, test, uniqueName, visit } from './harness/test.ts'
import { newWorkspace } from './harness/workspace.ts'

const list = '/settings/api-keys'
const names = (page: Page) => page.locator('tbody tr td a').allTextContents()
const trimmed = async (page: Page) => (await names(page)).map((name) => name.trim())

test('every status is told by a word and an icon', async ({ open }) => {
  const page = await open('ada')
  const expected = {
    Zapier: 'Active',
    'Nightly export': 'Expires soon',
    'Legacy importer': 'Expired',
    'Staging app': 'Disabled',
  }
  for (const [name, status] of Object.entries(expected)) {
    await visit(page, `${list}?q=${name}`)
    const badge = page.getByRole('row').filter({ hasText: name }).getByText(status)
    await expect(badge).toBeVisible()
    await expect(badge.locator('svg')).toBeVisible()
  }
  await visit(page, `${list}?q=Old`)
  await expect(page.getByText('Old partner')).toHaveCount(0)
  await page.getByLabel('Status').selectOption('Revoked')
  const revoked = page.getByRole('row').filter({ hasText: 'Old partner' })
  await expect(revoked.getByText('Revoked')).toBeVisible()
  await expect(revoked.getByRole('button', { name: /^Delete/ })).toHaveCount(0)
})

test('a row tells scopes, use and expiry, with exact times', async ({ open }) => {
  const page = await open('ada')
  await visit(page, `${list}?q=Zapier`)
  const zapier = page.getByRole('row').filter({ hasText: 'Zapier' })
  await expect(zapier).toContainText('+1')
  await expect(zapier).toContainText('Never used')
  await expect(zapier).toContainText('by Ada Lovelace')
  await visit(page, `${list}?q=Nightly`)
  const used = page.getByRole('row').filter({ hasText: 'Nightly export' }).locator('time').nth(1)
  await expect(used).toHaveText('9 hours ago')
  await expect(used).toHaveAttribute('datetime', /^\d{4}-\d\d-\d\dT.*Z$/)
  await expect(used).toHaveAttribute('title', /^\d+ \w+ \d{4}, \d\d:\d\d UTC\n.+$/)
  await expect(page.getByText('Last used is at most one minute behind')).toBeVisible()
})

for (const script of [true, false])
  test(`search, filters and sort live in the address, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const { keys, signIn } = await newWorkspace()
    await keys.create({ name: 'Nightly export' })
    await keys.create({ name: 'Zapier' })
    const staging = await keys.create({ name: 'Staging app', environment: 'test' })
    await keys.disable(staging.id)
    const page = await open(null, { javaScriptEnabled: script })
    await signIn(page)
    await visit(page, list)
    await page.getByRole('searchbox').fill('zap')
    if (!script) await page.getByRole('button', { name: 'Search' }).click()
    await expect(page).toHaveURL(/[?&]q=zap/)
    await expect(page.getByText('1 key', { exact: true })).toBeVisible()
    expect(await trimmed(page)).toEqual(['Zapier'])
    await page.reload()
    await expect(page.getByRole('searchbox')).toHaveValue('zap')
    expect(await trimmed(page)).toEqual(['Zapier'])

    await visit(page, list)
    await page.getByLabel('Status').selectOption('Disabled')
    if (!script) await page.getByRole('button', { name: 'Search' }).click()
    await expect(page).toHaveURL(/status=disabled/)
    await expect(page.getByText('1 key', { exact: true })).toBeVisible()
    expect(await trimmed(page)).toEqual(['Staging app'])

    await visit(page, `${list}?environment=test&q=a`)
    expect(await trimmed(page)).toEqual(['Staging app'])

    await visit(page, list)
    await page.getByRole('link', { name: 'Name', exact: true }).click()
    await expect(page).toHaveURL(/sort=name/)
    await expect(page.getByRole('columnheader', { name: 'Name' })).toHaveAttribute('aria-sort', 'ascending')
    expect(await trimmed(page)).toEqual(['Nightly export', 'Staging app', 'Zapier'])
  })

test('an empty result says so and offers the way back', async ({ open }) => {
  const page = await open('ada')
  await visit(page, `${list}?q=nothing-has-this-name&status=active`)
  await expect(page.getByRole('heading', { name: 'No key matches' })).toBeVisible()
  await page.getByRole('link', { name: 'Clear filters' }).click()
  await expect(page).toHaveURL(new RegExp(`${list}$`))
  await expect(page.getByRole('searchbox')).toHaveValue('')
  await expect(page.locator('tbody tr').first()).toBeVisible()
})

test('a workspace without keys explains what a key is', async ({ open }) => {
  const page = await open('nia')
  await visit(page, list)
  await expect(page.getByRole('heading', { name: 'No API keys yet' })).toBeVisible()
  await expect(page.getByText('curl')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Read the API reference' })).toHaveAttribute('href', /\/docs$/)
  await expect(page.getByRole('button', { name: 'Create API Key' })).toHaveCount(1)
})

for (const script of [true, false])
  test(`pages lead on and back, and survive reload, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const page = await open('max', { javaScriptEnabled: script })
    await visit(page, list)
    await expect(page.getByText('1–25 of 60 keys')).toBeVisible()
    await expect(page.getByRole('link', { name: 'Previous' })).toHaveCount(0)
    const first = await trimmed(page)
    await page.getByRole('link', { name: 'Next' }).click()
    await expect(page.getByText('26–50 of 60 keys')).toBeVisible()
    const second = await trimmed(page)
    await page.getByRole('link', { name: 'Next' }).click()
    await expect(page.getByText('51–60 of 60 keys')).toBeVisible()
    await expect(page.getByRole('link', { name: 'Next' })).toHaveCount(0)
    expect(new Set([...first, ...second, ...(await trimmed(page))]).size).toBe(60)
    await page.reload()
    await expect(page.getByText('51–60 of 60 keys')).toBeVisible()
    await page.getByRole('link', { name: 'Previous' }).click()
    await expect(page.getByText('26–50 of 60 keys')).toBeVisible()
    expect(await trimmed(page)).toEqual(second)
    await page.goBack()
    await expect(page.getByText('51–60 of 60 keys')).toBeVisible()
  })

test('however far somebody pages, the address stays short and the way on stays open', async ({ open }) => {
  const page = await open('max')
  await visit(page, list)
  const cursor = new URL(
    (await page.getByRole('link', { name: 'Next' }).getAttribute('href')) ?? '',
    origin,
  ).searchParams
    .getAll('cursor')
    .join()
  const deep = new URLSearchParams([...Array<string>(40).fill(cursor)].map((value) => ['cursor', value]))
  await visit(page, `${list}?${deep}`)
  await expect(page.getByText('1,001–1,025 of 60 keys')).toBeVisible()
  await page.getByRole('link', { name: 'Next' }).click()
  await expect(page.getByText('1,026–1,035 of 60 keys')).toBeVisible()
  expect(page.url().length).toBeLessThan(8_000)
  await page.getByRole('link', { name: 'Previous' }).click()
  await expect(page.getByText('1,001–1,025 of 60 keys')).toBeVisible()
})

test('a cursor that means nothing leads to the first page', async ({ open }) => {
  const page = await open('max')
  await visit(page, `${list}?sort=name&cursor=bm9uc2Vuc2U`)
  await expect(page).toHaveURL(new RegExp(`${list}\\?sort=name$`))
  await expect(page.getByText('1–25 of 60 keys')).toBeVisible()
})

test('deleting the last key of a later page leads to the page before', async ({ open }) => {
  const { keys, signIn } = await newWorkspace()
  for (let number = 1; number <= 26; number++) await keys.create({ name: `Page key ${number}` })
  const page = await open(null)
  await signIn(page)
  await visit(page, `${list}?q=page&sort=createdAt`)
  await page.getByRole('link', { name: 'Next' }).click()
  await expect(page.getByText('26 of 26 keys')).toBeVisible()
  await page.getByRole('button', { name: 'Delete key Page key 26' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByText('25 keys')).toBeVisible()
  await expect(page).toHaveURL(`${origin}${list}?q=page&sort=createdAt`)
})

test.describe('a whole key in the search box', () => {
  test('is cut to its start before anything is sent, with script', async ({ open }) => {
    const page = await open('ada')
    const name = uniqueName('Pasted')
    const secret = await createKey(page, name)
    await page.getByLabel('I have saved it').check()
    await page.getByRole('link', { name: 'Done' }).click()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await page.getByRole('searchbox').fill(` ${secret}`)
    await expect(page.getByText('That was a whole key')).toBeVisible()
    await expect(page).toHaveURL(`${origin}${list}?q=${secret.slice(0, 12)}`)
    expect(await trimmed(page)).toEqual([name])
    expect(await page.content()).not.toContain(secret)
  })

  test('is refused by the browser itself without script', async ({ open }) => {
    const page = await open('ada', { javaScriptEnabled: false })
    await visit(page, `${list}/new`)
    await page.getByLabel('Key Name').fill(uniqueName('Pasted'))
    await page.getByRole('button', { name: 'Generate' }).click()
    const secret = await secretOn(page)
    await page.goto(list)
    const before = await front.count('GET /settings/api-keys')
    await page.getByRole('searchbox').fill(secret)
    await page.getByRole('button', { name: 'Search' }).click()
    await expect(page.getByRole('searchbox')).toBeFocused()
    expect(await front.count('GET /settings/api-keys')).toBe(before)
    expect(page.url()).not.toContain(secret)
  })

  test('is cut and led away from when it arrives all the same', async ({ open }) => {
    const page = await open('ada')
    const secret = `lk_live_${'aB3dE6gH9j'.repeat(4).slice(0, 36)}`
    await page.goto(`${list}?q=${secret}&status=active`)
    await expect(page).toHaveURL(`${origin}${list}?q=lk_live_aB3d&status=active`)
    expect(await page.content()).not.toContain(secret)
  })
})

test('a key deleted in one tab is told as such in the other', async ({ open, keysFor }) => {
  const name = uniqueName('Two tabs')
  const { id } = await keysFor('ada').create({ name })
  const page = await open('ada')
  await visit(page, list)
  await page.getByRole('button', { name: `Delete key ${name}` }).click()
  await keysFor('ada').delete(id)
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByText(`“${name}” had been deleted already.`)).toBeVisible()
  await expect(page.getByRole('row').filter({ hasText: name })).toHaveCount(0)

  await page.goto(`${list}/${id}/delete`)
  await expect(page.getByText('That key had been deleted already.')).toBeVisible()
})

test('a key is disabled and enabled on its own page', async ({ open, keysFor }) => {
  const name = uniqueName('Switched')
  const { id } = await keysFor('ada').create({ name })
  for (const script of [true, false]) {
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}`)
    await page.getByRole('button', { name: 'Disable' }).click()
    await expect(page.getByText('Disabled', { exact: true })).toBeVisible()
    await page.getByRole('button', { name: 'Enable' }).click()
    await expect(page.getByText('Active', { exact: true })).toBeVisible()
  }
})

test('nothing moves while the list comes', async ({ open }) => {
  const page = await open('ada')
  await page.addInitScript(() => {
    const shifts: number[] = []
    Object.assign(window, { shifts })
    new PerformanceObserver((entries) => {
      for (const entry of entries.getEntries())
        shifts.push((entry as PerformanceEntry & { value: number }).value)
    }).observe({ type: 'layout-shift', buffered: true })
  })
  await visit(page, list)
  await page.waitForLoadState('networkidle')
  const total = await page.evaluate(() =>
    (window as unknown as { shifts: number[] }).shifts.reduce((sum, value) => sum + value, 0),
  )
  expect(total).toBeLessThan(0.1)
})

test('the script of the list weighs less than 150 kB compressed', async ({ open }) => {
  const page = await open('ada')
  const files = new Set<string>()
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.endsWith('.js')) files.add(response.url())
  })
  await visit(page, list)
  await page.waitForLoadState('networkidle')
  const { gzipSync } = await import('node:zlib')
  let bytes = 0
  for (const file of files) bytes += gzipSync(await (await fetch(file)).text()).length
  console.log(`  ${files.size} files, ${(bytes / 1024).toFixed(1)} kB`)
  expect(bytes).toBeLessThan(150 * 1024)
})
