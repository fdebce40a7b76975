import { callKeys, makeKey } from './harness/key-calls.ts'
import { expect, test, uniqueName, visit } from './harness/test.ts'

const list = '/settings/api-keys'

for (const script of [true, false])
  test(`a key’s page tells who did what to it, ${script ? 'with' : 'without'} script`, async ({
    open,
    cookies,
  }) => {
    const [name, later] = [uniqueName('Watched'), uniqueName('Renamed')]
    const { id } = await makeKey(cookies.ada, { name, scopes: ['contacts:read'] })
    await callKeys(cookies.ada, 'PATCH', `/${id}`, {
      name: later,
      rateLimits: [{ name: 'burst', limit: 100, windowSeconds: 10 }],
      expiresAt: '2031-02-03T04:05:00Z',
    })
    await callKeys(cookies.ada, 'PATCH', `/${id}`, { enabled: false })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}`)
    await page.getByRole('link', { name: 'Activity' }).click()
    const events = page.getByRole('main').getByRole('list').last().locator('> li')
    await expect(events).toHaveCount(3)
    await expect(events.nth(0)).toContainText('Ada Lovelace disabled the key')
    await expect(events.nth(2)).toContainText('Ada Lovelace created the key')

    const changed = events.nth(1)
    await expect(changed).toContainText('Ada Lovelace changed the key')
    await expect(changed).toContainText('Name · Rate limits · Expires')
    await expect(changed).toContainText('from 127.0.0.1')
    await changed.getByText('Details').click()
    const row = (field: string) => changed.getByRole('row').filter({ hasText: field })
    await expect(row('Name').getByRole('cell')).toContainText([name, later])
    await expect(row('Rate limits').getByRole('cell')).toContainText(['none', /100 in 10 seconds \(burst\)/])
    await expect(row('Expires').getByRole('cell')).toContainText(['none', '3 Feb 2031, 04:05 UTC'])
    await changed.getByText('Raw values').click()
    await expect(changed.locator('pre')).toContainText('"windowSeconds": 10')
    await expect(changed.getByText('key.updated')).toBeVisible()
  })

test('older activity is on a page of its own', async ({ open, cookies }) => {
  const { id } = await makeKey(cookies.ada, { name: uniqueName('Busy') })
  for (let days = 1; days <= 26; days++)
    await callKeys(cookies.ada, 'PATCH', `/${id}`, { rotateEveryDays: days })
  const page = await open('ada')
  await visit(page, `${list}/${id}/activity`)
  await expect(page.getByText('created the key')).toHaveCount(0)
  await page.getByRole('link', { name: 'Older' }).click()
  await expect(page.getByText('Ada Lovelace created the key')).toBeVisible()
  await page.getByRole('link', { name: 'Newest' }).click()
  await expect(page.getByText('Ada Lovelace changed the key').first()).toBeVisible()
  await page.goto(`${list}/${id}/activity?cursor=nonsense`)
  await expect(page.getByText('Ada Lovelace changed the key').first()).toBeVisible()
})

test('who may not see the trail is told why', async ({ open, cookies }) => {
  const { id } = await makeKey(cookies.ada, { name: uniqueName('Private') })
  const page = await open('vic')
  await visit(page, `${list}/${id}/activity`)
  await expect(page.getByText('Only owners and admins of the workspace')).toBeVisible()
  await expect(page.getByText('created the key')).toHaveCount(0)
})
