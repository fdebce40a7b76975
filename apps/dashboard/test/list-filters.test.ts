import type { Page } from '@playwright/test'
import { age } from './harness/keys.ts'
import { databaseSql, expect, test, uniqueName, visit } from './harness/test.ts'
import { newWorkspace } from './harness/workspace.ts'

const list = '/settings/api-keys'
const dayMs = 24 * 3600_000
const names = async (page: Page) =>
  (await page.locator('tbody tr td a').allTextContents()).map((name) => name.trim()).sort()

for (const script of [true, false]) {
  const how = script ? 'with script' : 'without script'

  test(`what needs attention is one click away, ${how}`, async ({ open }) => {
    const { keys, rotate, signIn } = await newWorkspace()
    const suffix = uniqueName('')
    const name = (what: string) => `${what}${suffix}`
    const soon = new Date(Date.now() + 3 * dayMs).toISOString()
    const late = new Date(Date.now() + 300 * dayMs).toISOString()
    await keys.create({ name: name('Ends'), expiresAt: soon })
    await keys.create({ name: name('Stays'), expiresAt: null })
    await keys.create({ name: name('Idle'), expiresAt: late })
    const { id } = await keys.create({ name: name('Turns'), expiresAt: late })
    await rotate(id, 3600)
    const sql = databaseSql()
    await age(sql, name('Idle'), { createdMs: 40 * dayMs })
    await age(sql, name('Ends'), { createdMs: 80 * dayMs, usedMs: dayMs })
    await sql.end()

    const page = await open(null, { javaScriptEnabled: script })
    await signIn(page)
    await visit(page, list)
    const row = (what: string) => page.getByRole('row').filter({ hasText: name(what) })
    await expect(row('Ends').getByText('Expires soon')).toBeVisible()
    await expect(row('Idle').getByText('Unused')).toBeVisible()
    await expect(row('Turns').getByText('Rotating')).toBeVisible()
    await expect(row('Turns')).toContainText(/Old key ends in \d+ minutes/)
    await expect(row('Stays').getByText('Active')).toBeVisible()

    for (const [chip, found] of [
      ['Expires within 7 days', 'Ends'],
      ['Unused for 30 days', 'Idle'],
      ['Never expires', 'Stays'],
      ['Rotating', 'Turns'],
    ] as const) {
      await page.getByRole('link', { name: chip, exact: true }).click()
      await expect(page).toHaveURL(/attention=/)
      await expect(page.getByRole('link', { name: chip, exact: true })).toHaveAttribute(
        'aria-current',
        'true',
      )
      await expect(page.getByText('1 key', { exact: true })).toBeVisible()
      expect(await names(page)).toEqual([name(found)])
      await page.reload()
      expect(await names(page)).toEqual([name(found)])
    }
    await page.getByRole('link', { name: 'Rotating', exact: true }).click()
    await expect(page).toHaveURL(new RegExp(`${list}$`))
    await expect(page.getByText('4 keys', { exact: true })).toBeVisible()
  })

  test(`keys are found by scope and by creator, ${how}`, async ({ open }) => {
    const { keys, signIn } = await newWorkspace()
    await keys.create({ name: 'Reads', scopes: ['contacts:read'] })
    await keys.create({ name: 'All', scopes: ['contacts:*'] })
    await keys.create({ name: 'Writes', scopes: ['companies:read'] })
    const page = await open(null, { javaScriptEnabled: script })
    await signIn(page)
    await visit(page, list)
    const choose = async (label: string, option: string) => {
      await page.getByLabel(label, { exact: true }).selectOption({ label: option })
      if (!script) await page.getByRole('button', { name: 'Search' }).click()
    }
    await choose('Scope', 'contacts:read')
    await expect(page).toHaveURL(/scope=contacts%3Aread/)
    await expect(page.getByText('2 keys', { exact: true })).toBeVisible()
    expect(await names(page)).toEqual(['All', 'Reads'])
    await choose('Created by', 'Created by me')
    await expect(page).toHaveURL(/by=user_/)
    await page.reload()
    await expect(page.getByLabel('Scope', { exact: true })).toHaveValue('contacts:read')
    expect(await names(page)).toEqual(['All', 'Reads'])
    await page.goto(`${list}?by=nobody`)
    await expect(page.getByRole('heading', { name: 'No key matches' })).toBeVisible()
    await expect(page.getByLabel('Created by', { exact: true })).toHaveValue('nobody')
    await page.getByRole('link', { name: 'Clear filters' }).click()
    await expect(page.getByText('3 keys', { exact: true })).toBeVisible()
  })

  test(`the size of a page is chosen, counted and kept, ${how}`, async ({ open }) => {
    const page = await open('max', { javaScriptEnabled: script })
    await visit(page, list)
    await expect(page.getByText('1–25 of 60 keys')).toBeVisible()
    await page.getByRole('navigation', { name: 'Keys per page' }).getByRole('link', { name: '50' }).click()
    await expect(page.getByText('1–50 of 60 keys')).toBeVisible()
    await page.getByRole('link', { name: 'Next' }).click()
    await expect(page.getByText('51–60 of 60 keys')).toBeVisible()
    await page.getByRole('link', { name: 'First page' }).click()
    await expect(page.getByText('1–50 of 60 keys')).toBeVisible()
    await expect(page).toHaveURL(/size=50$/)
  })
}

test('the count is right at once when a key comes or goes on a later page with a filter on', async ({
  open,
}) => {
  const { keys, signIn } = await newWorkspace()
  for (let number = 1; number <= 28; number++) await keys.create({ name: `Filtered ${number}` })
  await keys.create({ name: 'Other' })
  const page = await open(null)
  await signIn(page)
  await visit(page, `${list}?q=filtered&sort=createdAt`)
  await page.getByRole('link', { name: 'Next' }).click()
  await expect(page.getByText('26–28 of 28 keys')).toBeVisible()
  await page.getByRole('button', { name: 'Delete key Filtered 27' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByText('26–27 of 27 keys')).toBeVisible()
  await keys.create({ name: 'Filtered 29' })
  await page.reload()
  await expect(page.getByText('26–28 of 28 keys')).toBeVisible()
})

test('a row draws a week of its use, and says it in words', async ({ open }) => {
  const { keys, signIn } = await newWorkspace()
  const name = uniqueName('Drawn')
  const { id } = await keys.create({ name })
  const sql = databaseSql()
  await sql`
    insert into latchkey.usage (subject, bucket, count, resolution, namespace, outcome)
    select keys.id, date_trunc('day', now(), 'UTC') - past, count, 'd', 'default', outcome
    from latchkey.keys,
      (values (interval '0 days', 1200, 'accepted'), (interval '2 days', 4, 'expired')) as used (past, count, outcome)
    where name = ${name}`
  await sql.end()
  const page = await open(null)
  await signIn(page)
  await visit(page, list)
  const drawing = page.locator(`#${id}`).getByRole('img')
  await expect(drawing).toHaveAccessibleName('Requests in 7 days: 1,204, 4 of them refused')
  const heights = await drawing
    .locator('path')
    .evaluateAll((paths) =>
      paths.map((path) => [...path.getAttribute('d')!.matchAll(/v(\d+)/g)].map(([, tall]) => tall)),
    )
  expect(heights).toEqual([Array<string>(7).fill('1'), ['22'], ['2']])
})
