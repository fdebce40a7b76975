import { randomUUID } from 'node:crypto'
import { age, callWith } from './harness/keys.ts'
import {
  apiProxy,
  apiUrl,
  databaseSql,
  confirmDelete,
  expect,
  test,
  uniqueName,
  visit,
} from './harness/test.ts'

const list = '/settings/api-keys'
const whole = /Rejected on 1 of 1 node after \d+ ms\. Calls with it now get 401\./
const partly = /Rejected on 1 of 2 nodes after \d+ ms; the other follows within 5 seconds\./

for (const script of [true, false]) {
  const how = script ? 'with script' : 'without script'

  test.describe(`how far a revocation has come, ${how},`, () => {
    test('is told with the delete', async ({ open, keysFor }) => {
      const name = uniqueName('Receipt')
      const { secret } = await keysFor('ada').create({ name, scopes: ['contacts:read'] })
      expect(await callWith(apiUrl, secret)).toBe(200)
      const page = await open('ada', { javaScriptEnabled: script })
      await visit(page, `${list}?q=${encodeURIComponent(name)}`)
      await page.getByRole('button', { name: `Delete key ${name}` }).click()
      await confirmDelete(page, name)
      const place = script ? page.getByRole('status', { name: 'Messages' }) : page.getByRole('main')
      await expect(place.getByText(whole)).toBeVisible()
      // By then at the latest, the row is gone.
      expect(await page.getByRole('main').getByRole('link', { name }).count()).toBe(0)
      expect(await callWith(apiUrl, secret)).toBe(401)
    })

    test('is told with the disabling, and not with the enabling', async ({ open, keysFor }) => {
      const { id } = await keysFor('ada').create({ name: uniqueName('Receipt') })
      const page = await open('ada', { javaScriptEnabled: script })
      await visit(page, `${list}/${id}`)
      const region = page.getByRole('status', { name: 'What was done' })
      await expect(region).toHaveText('')
      await page.getByRole('button', { name: 'Disable' }).click()
      await expect(region.getByText(whole)).toBeVisible()
      await expect(region).toContainText('The key is disabled.')
      await page.getByRole('button', { name: 'Enable' }).click()
      await expect(page.getByRole('button', { name: 'Disable' })).toBeVisible()
      await expect(region).toHaveText('The key is enabled. Calls with it are let through again.')
    })

    test('claims no more than is so when a node has not answered', async ({ open, keysFor }) => {
      const name = uniqueName('Receipt')
      await keysFor('ada').create({ name })
      const page = await open('ada', { javaScriptEnabled: script })
      await visit(page, `${list}?q=${encodeURIComponent(name)}`)
      await page.getByRole('button', { name: `Delete key ${name}` }).click()
      const sql = databaseSql()
      const silent = randomUUID()
      await sql`insert into latchkey.nodes (id, namespace, seen_at) values (${silent}, 'default', now())`
      await page.getByRole('button', { name: 'Delete', exact: true }).click()
      await expect(page.getByText(partly)).toBeVisible()
      await expect(page.getByText('now get 401')).toHaveCount(0)
      await sql`delete from latchkey.nodes where id = ${silent}`
      await sql.end()
    })
  })

  test(`the question whether to delete says how busy the key is, ${how}`, async ({ open, keysFor }) => {
    const name = uniqueName('Busy')
    await keysFor('ada').create({ name })
    const sql = databaseSql()
    await age(sql, name, { usedMs: 5.5 * 60_000, usedFrom: '203.0.113.7', requests: 1_204 })
    await sql.end()
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}?q=${encodeURIComponent(name)}`)
    await page.getByRole('button', { name: `Delete key ${name}` }).click()
    await expect(page.getByText('5 minutes ago from 203.0.113.7').last()).toBeVisible()
    await expect(page.getByText('1,204 in the last 24 hours')).toBeVisible()
  })

  test(`a key is deleted although its requests cannot be counted, ${how}`, async ({ open, keysFor }) => {
    const name = uniqueName('Uncounted')
    const { id } = await keysFor('ada').create({ name })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}?q=${encodeURIComponent(name)}`)
    await apiProxy.fail({ on: `GET /v1/api-keys/${id}/usage`, kind: 'refused' })
    await page.getByRole('button', { name: `Delete key ${name}` }).click()
    await expect(page.getByText('Cannot be counted now')).toBeVisible()
    await apiProxy.heal()
    await expect(page.getByText('Never used', { exact: true }).last()).toBeVisible()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await expect(page.getByText(whole)).toBeVisible()
  })
}

test('an address can put no words into the mouth of the page', async ({ open, keysFor }) => {
  const page = await open('ada')
  const [name, kept] = [uniqueName('Really'), uniqueName('Not')]
  const [{ id }, other] = [await keysFor('ada').create({ name }), await keysFor('ada').create({ name: kept })]
  await keysFor('ada').delete(id)
  const receipt = encodeURIComponent('9 nodes, call 555-1234')
  await visit(page, `${list}?deleted=${id}&receipt=${receipt}`)
  await expect(page.getByText(`“${name}” is deleted. Calls with it now get 401.`)).toBeVisible()
  await expect(page.getByText('555')).toHaveCount(0)
  await visit(page, `${list}?deleted=${other.id}&receipt=1-1-9`)
  await expect(page.getByRole('link', { name: kept })).toBeVisible()
  await expect(page.getByText('is deleted')).toHaveCount(0)
})

test('the page of a key shows its limits, and from where it was used', async ({ open, keysFor }) => {
  const name = uniqueName('Limited')
  const rateLimits = [
    { name: 'burst', limit: 100, windowSeconds: 10 },
    { name: 'sustained', limit: 5_000, windowSeconds: 3_600 },
  ]
  const limited = await keysFor('ada').create({ name, rateLimits })
  const sql = databaseSql()
  await age(sql, name, { usedMs: 4.5 * 60_000, usedFrom: '2001:db8::7' })
  await sql.end()
  const page = await open('ada')
  await visit(page, `${list}/${limited.id}`)
  await expect(page.getByRole('listitem').filter({ hasText: '100 in 10 seconds (burst)' })).toBeVisible()
  await expect(page.getByRole('listitem').filter({ hasText: '5,000 in 1 hour (sustained)' })).toBeVisible()
  await expect(page.getByText('(4 minutes ago) from 2001:db8::7')).toBeVisible()

  const unlimited = await keysFor('ada').create({ name: uniqueName('Unlimited'), scopes: ['contacts:read'] })
  await visit(page, `${list}/${unlimited.id}`)
  await expect(page.getByRole('definition').filter({ hasText: /^None$/ })).toBeVisible()
})
