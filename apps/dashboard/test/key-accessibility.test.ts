import type { Page } from '@playwright/test'
import { expectAccessible } from './harness/accessible.ts'
import { age } from './harness/keys.ts'
import { callKeys, makeKey } from './harness/key-calls.ts'
import { databaseSql, expect, secretOn, test, uniqueName, visit } from './harness/test.ts'

const list = '/settings/api-keys'

interface State {
  name: string
  /** From the page of a key that has everything, to what is to be looked at. */
  reach: (page: Page, id: string, cookie: string) => Promise<unknown>
}

const states: State[] = [
  { name: 'a key’s page', reach: (page, id) => visit(page, `${list}/${id}`) },
  {
    name: 'a key with two secrets',
    async reach(page, id, cookie) {
      await callKeys(cookie, 'POST', `/${id}/rotate`, { gracePeriodSeconds: 3_600 })
      await visit(page, `${list}/${id}`)
      await page.getByText('End the old secret now').click()
      await expect(page.getByRole('button', { name: 'End it now' })).toBeVisible()
    },
  },
  {
    name: 'a deleted key',
    async reach(page, id, cookie) {
      await callKeys(cookie, 'DELETE', `/${id}`)
      await visit(page, `${list}/${id}`)
    },
  },
  { name: 'the usage of a key', reach: (page, id) => visit(page, `${list}/${id}/usage`) },
  {
    name: 'the activity of a key',
    async reach(page, id, cookie) {
      await callKeys(cookie, 'PATCH', `/${id}`, { name: 'Renamed', rotateEveryDays: 30 })
      await visit(page, `${list}/${id}/activity`)
      await page.getByText('Details').first().click()
      await page.getByText('Raw values').first().click()
    },
  },
  { name: 'the form that changes a key', reach: (page, id) => visit(page, `${list}/${id}/edit`) },
  {
    name: 'a change that met another',
    async reach(page, id, cookie) {
      await visit(page, `${list}/${id}/edit`)
      await page.getByLabel('Key Name').fill('Mine')
      await callKeys(cookie, 'PATCH', `/${id}`, { name: 'Theirs', rotateEveryDays: 30 })
      await page.getByRole('button', { name: 'Save changes' }).click()
      await expect(page.getByText('Somebody changed this key')).toBeVisible()
    },
  },
  {
    name: 'a change that was refused',
    async reach(page, id) {
      await visit(page, `${list}/${id}/edit`)
      await page.getByLabel('Allowed addresses').fill('nonsense')
      await page.getByRole('button', { name: 'Save changes' }).click()
      await expect(page.getByLabel('Allowed addresses')).toHaveAttribute('aria-invalid', 'true')
    },
  },
  { name: 'the question how to rotate', reach: (page, id) => visit(page, `${list}/${id}/rotate`) },
  {
    name: 'the new secret',
    async reach(page, id) {
      await visit(page, `${list}/${id}/rotate`)
      await page.getByRole('button', { name: 'Rotate' }).click()
      await secretOn(page)
    },
  },
]

for (const { name, reach } of states)
  test(`axe finds nothing on ${name}, whatever theme and width`, async ({ open, cookies }) => {
    const key = uniqueName('Accessible')
    const { id } = await makeKey(cookies.ada, {
      name: key,
      scopes: ['contacts:read', 'contacts:write'],
      quota: { limit: 1_000, period: 'month' },
      rateLimits: [{ name: 'burst', limit: 100, windowSeconds: 10 }],
      allowedIps: ['203.0.113.0/24'],
      rotateEveryDays: 90,
      expiresAt: new Date(Date.now() + 3 * 24 * 3600_000).toISOString(),
    })
    const sql = databaseSql()
    await age(sql, key, { usedMs: 5.5 * 60_000, usedFrom: '203.0.113.7', requests: 1_204 })
    await sql.end()
    const page = await open('ada', { reducedMotion: 'reduce' })
    await reach(page, id, cookies.ada)
    await expectAccessible(page)
  })
