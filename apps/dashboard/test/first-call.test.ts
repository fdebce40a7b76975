import { apiUrl, createKey, expect, front, openCreate, secretOn, test, uniqueName } from './harness/test.ts'
import { callWith } from './harness/keys.ts'

test('the test of a new key turns green when its first call arrives', async ({ open }) => {
  const page = await open('ada')
  const secret = await createKey(page, uniqueName('First call'))
  const status = page.getByRole('status').filter({ hasText: /first call/ })
  await expect(status).toContainText('turns green when the first call arrives')
  expect(await callWith(apiUrl, secret)).toBe(200)
  await expect(status).toContainText('The first call has arrived')
  await expect(status).toContainText('The key works')
  expect(await front.find(secret)).toHaveLength(1)
})

test('the test of a new key says why a call was refused, and still waits', async ({ open }) => {
  const page = await open('ada')
  await openCreate(page)
  await page.getByLabel('Key Name').fill(uniqueName('Refused call'))
  await page.getByRole('checkbox', { name: 'contacts:read' }).uncheck()
  await page.getByRole('button', { name: 'Generate' }).click()
  const secret = await secretOn(page)
  expect(await callWith(apiUrl, secret)).toBe(403)
  await expect(page.getByText('was refused: the key lacks a scope for it')).toBeVisible()
  expect(await callWith(apiUrl, secret, '/v1/companies')).toBe(200)
  await expect(page.getByText('The first call has arrived')).toBeVisible()
})

test('nobody looks any more once the key is closed', async ({ open }) => {
  const page = await open('ada')
  await createKey(page, uniqueName('Closed'))
  await page.waitForResponse(/\/calls$/)
  await page.getByLabel('I have saved it').check()
  await page.getByRole('link', { name: 'Done' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await page.waitForTimeout(2_500)
  expect(asked.filter((url) => url.endsWith('/calls'))).toEqual([])
})

test('whether calls arrive is nobody else’s business', async ({ open, keysFor }) => {
  const { id } = await keysFor('ada').create({ name: uniqueName('Private') })
  const max = await open('max')
  expect((await max.request.get(`/settings/api-keys/${id}/calls`)).status()).toBe(404)
  const stranger = await open(null)
  const answer = await stranger.request.get(`/settings/api-keys/${id}/calls`, { maxRedirects: 0 })
  expect(answer.status()).toBe(303)
})
