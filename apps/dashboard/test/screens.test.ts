import type { Page } from '@playwright/test'
import { age } from './harness/keys.ts'
import { databaseSql, expect, test, visit } from './harness/test.ts'
import { newWorkspace } from './harness/workspace.ts'

const list = '/settings/api-keys'
const desk = { width: 1280, height: 800 }
const phone = { width: 390, height: 800 }

interface Screen {
  name: string
  as?: 'nobody' | 'somebody'
  screen?: typeof desk
  colorScheme?: 'dark'
  /** `key` is the id of a key that has everything. */
  reach: (page: Page, key: string) => Promise<unknown>
}

const at = (path: string) => (page: Page, key: string) => visit(page, path.replace(':key', key))

const screens: Screen[] = [
  { name: 'sign-in', as: 'nobody', reach: at('/sign-in') },
  { name: 'sign-in on a phone', as: 'nobody', screen: phone, reach: at('/sign-in') },
  { name: 'not found', reach: at('/nothing/here') },
  { name: 'list', reach: at(list) },
  { name: 'list in the dark', colorScheme: 'dark', reach: at(list) },
  { name: 'list on a phone', screen: phone, reach: at(list) },
  { name: 'no results', reach: at(`${list}?q=nothing-has-this-name`) },
  { name: 'create', reach: at(`${list}/new`) },
  { name: 'create on a phone in the dark', screen: phone, colorScheme: 'dark', reach: at(`${list}/new`) },
  {
    name: 'delete',
    async reach(page) {
      await visit(page, list)
      await page.getByRole('button', { name: 'Delete key Billing robot' }).click()
      await expect(page.getByText('in the last 24 hours')).toBeVisible()
    },
  },
  {
    name: 'command palette',
    async reach(page) {
      await visit(page, list)
      await page.keyboard.press('Control+K')
      await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible()
    },
  },
  { name: 'key', reach: at(`${list}/:key`) },
  { name: 'key on a phone', screen: phone, reach: at(`${list}/:key`) },
  { name: 'edit', reach: at(`${list}/:key/edit`) },
  { name: 'rotate', reach: at(`${list}/:key/rotate`) },
  { name: 'delete page', reach: at(`${list}/:key/delete`) },
  { name: 'settings', reach: at('/settings') },
  { name: 'key policy', reach: at('/settings/key-policy') },
  { name: 'key policy in the dark', colorScheme: 'dark', reach: at('/settings/key-policy') },
  { name: 'audit log', reach: at('/settings/audit-log') },
  { name: 'members', reach: at('/settings/members') },
  { name: 'security', reach: at('/settings/security') },
  { name: 'passkeys', reach: at('/settings/security/passkeys') },
]

let somebody: Awaited<ReturnType<typeof newWorkspace>>
let key: string
test.beforeAll(async () => {
  somebody = await newWorkspace('owner', 'mia@example.com')
  const { keys } = somebody
  const { id } = await keys.create({ name: 'Website form', environment: 'test', scopes: ['contacts:read'] })
  await keys.disable(id)
  await keys.create({ name: 'Warehouse sync', scopes: ['contacts:read', 'companies:read'] })
  const rateLimits = [{ name: 'burst', limit: 100, windowSeconds: 10 }]
  key = (
    await keys.create({ name: 'Billing robot', scopes: ['contacts:read', 'contacts:write'], rateLimits })
  ).id
  // So that columns are as wide for an hour.
  for (const name of ['Website form', 'Warehouse sync', 'Billing robot'])
    await age(databaseSql(), name, { createdMs: 3.5 * 3_600_000 })
})

for (const { name, as = 'somebody', screen = desk, colorScheme = 'light', reach } of screens)
  test(`looks as it did: ${name}`, async ({ open }) => {
    const page = await open(null, { viewport: screen, colorScheme, reducedMotion: 'reduce' })
    if (as === 'somebody') await somebody.signIn(page)
    await reach(page, key)
    // Times and ids are others each time.
    const mask = [page.locator('time, [translate=no]')]
    await expect(page).toHaveScreenshot(`${name.replaceAll(' ', '-')}.png`, { mask, maskColor: '#8a8a8a' })
  })
