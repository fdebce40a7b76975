import type postgres from 'postgres'
import { makeKey } from './harness/key-calls.ts'
import { apiProxy, databaseSql, expect, origin, test, uniqueName, visit } from './harness/test.ts'

const list = '/settings/api-keys'
const hourMs = 3600_000

test.afterEach(() => apiProxy.heal())

/** Puts requests into the past, as if they had been counted then. */
async function use(sql: postgres.Sql, name: string, hoursAgo: number, outcome: string, count: number) {
  const at = new Date(Math.floor((Date.now() - hoursAgo * hourMs) / hourMs) * hourMs)
  for (const resolution of ['q', 'd'])
    await sql`
      insert into latchkey.usage (subject, bucket, count, resolution, namespace, outcome)
      select id, ${resolution === 'q' ? at : new Date(at.toISOString().slice(0, 10))}, ${count}, ${resolution}, 'default', ${outcome}
      from latchkey.keys where name = ${name}
      on conflict (subject, resolution, bucket, outcome) do update set count = usage.count + excluded.count`
}

for (const script of [true, false])
  test(`usage is told by outcome, as a sentence, a picture and a table, ${script ? 'with' : 'without'} script`, async ({
    open,
    cookies,
  }) => {
    const name = uniqueName('Used')
    const { id } = await makeKey(cookies.ada, { name })
    const sql = databaseSql()
    await use(sql, name, 2, 'accepted', 1_200)
    await use(sql, name, 2, 'rate_limited', 40)
    await use(sql, name, 5, 'insufficient_scope', 10)
    await use(sql, name, 100, 'accepted', 50)
    await sql.end()
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}`)
    await expect(page.getByText('1,250 requests in 24 hours, 50 of them refused (4%).')).toBeVisible()
    await page.getByRole('link', { name: 'See usage' }).click()

    await expect(page.getByText('Most frequent refusal: Rate limited (40).')).toBeVisible()
    const row = (text: string) => page.getByRole('listitem').filter({ hasText: text })
    await expect(row('The key was good, and allowed')).toContainText('1,200')
    await expect(row('faster than a rate limit')).toContainText('40')
    await expect(row('none of the key’s scopes allows')).toContainText('0.8%')

    const table = page.getByRole('table', { name: 'Requests over time' })
    for (const column of ['Hour', 'All', 'Accepted', 'Rate limited', 'Scope missing'])
      await expect(table.getByRole('columnheader', { name: column, exact: true })).toBeVisible()
    await expect(table.getByRole('row')).toHaveCount(3)
    await expect(table.getByRole('row').nth(1).getByRole('cell')).toHaveText(['1,240', '1,200', '40', '0'])
    await expect(page.getByText('Times are those of UTC.')).toBeVisible()
    // 24 bars, of which two have parts: three refusals and acceptances together, and the lines of the axis.
    await expect(page.locator('svg rect.fill-chart-good')).toHaveCount(1)
    await expect(page.locator('svg rect.fill-chart-warn')).toHaveCount(1)
    await expect(page.locator('svg rect.fill-chart-bad')).toHaveCount(1)

    await page.getByRole('navigation', { name: 'Period' }).getByRole('link', { name: '7 days' }).click()
    await expect(page).toHaveURL(`${origin}${list}/${id}/usage?period=week`)
    await expect(page.getByText('1,300 requests in 7 days')).toBeVisible()
    await expect(table.getByRole('row')).toHaveCount(4)
    await page.getByRole('link', { name: '30 days' }).click()
    await expect(page.getByText('1,300 requests in 30 days')).toBeVisible()
    await expect(table.getByRole('columnheader', { name: 'Day', exact: true })).toBeVisible()
  })

test('hours and days are those of the reader’s time zone', async ({ open, cookies }) => {
  const name = uniqueName('Zoned')
  const { id } = await makeKey(cookies.ada, { name })
  const sql = databaseSql()
  await use(sql, name, 2, 'accepted', 7)
  await sql.end()
  // Browsers still call it by its old name.
  const zone = /^Times are those of Asia\/(Kolkata|Calcutta)\./
  const page = await open('ada', { timezoneId: 'Asia/Kolkata' })
  await visit(page, `${list}/${id}/usage`)
  await expect(page.getByText(zone)).toBeVisible()
  const time = page.getByRole('table').getByRole('time')
  // Half an hour off: what UTC counts in one hour begins half an hour earlier here.
  expect(new Date((await time.getAttribute('datetime')) ?? '').getUTCMinutes()).toBe(30)
  await page.reload()
  await expect(page.getByText(zone)).toBeVisible()
})

test('a time zone that is none is as good as none', async ({ open, cookies }) => {
  const { id } = await makeKey(cookies.ada, { name: uniqueName('Zoneless') })
  const page = await open('ada', { javaScriptEnabled: false })
  await page.context().addCookies([{ name: 'latchkey_time_zone', value: '../../etc', url: origin }])
  await page.goto(`${list}/${id}/usage`)
  await expect(page.getByText('No requests', { exact: true })).toBeVisible()
})

test('without usage, and without an API that counts, the page says so', async ({ open, cookies }) => {
  const { id } = await makeKey(cookies.ada, { name: uniqueName('Quiet') })
  const page = await open('ada')
  await visit(page, `${list}/${id}/usage`)
  await expect(page.getByText('No requests', { exact: true })).toBeVisible()
  await apiProxy.fail({ on: `GET /v1/api-keys/${id}/usage`, kind: 'refused' })
  await visit(page, `${list}/${id}/usage`)
  await expect(page.getByText('cannot be told right now')).toBeVisible()
  await visit(page, `${list}/${id}`)
  await expect(page.getByRole('heading', { name: 'What it may do' })).toBeVisible()
})
