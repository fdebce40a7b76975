import type { Page } from '@playwright/test'
import { apiProxy, expect, front, takenOver, test } from './harness/test.ts'
import { newWorkspace } from './harness/workspace.ts'

const list = '/settings/api-keys'
const rows = `GET ${list}/rows`

/** Opens the list on a clock that stands still until it is told to go on. */
async function openList(page: Page) {
  await page.clock.install()
  await page.goto(list)
  await takenOver(page)
}

test('the list follows what happens elsewhere, and leaves alone what somebody is doing', async ({ open }) => {
  const { keys, signIn } = await newWorkspace()
  const { id } = await keys.create({ name: 'Followed' })
  const other = await keys.create({ name: 'Other' })
  const page = await open(null)
  await signIn(page)
  await openList(page)
  await page.getByLabel('Select Other').check()
  await page.getByRole('button', { name: 'Delete key Other' }).click()
  const cancel = page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' })
  await expect(cancel).toBeFocused()
  await keys.disable(id)
  await page.clock.runFor(21_000)
  await expect(page.locator(`#${id}`)).toContainText('Disabled')
  await expect(cancel).toBeFocused()
  await cancel.click()
  await expect(page.getByLabel('Select Other')).toBeChecked()

  // The row that has the focus goes away: the focus does not get lost with it.
  const button = page.getByRole('button', { name: 'Delete key Other' })
  await expect(button).toBeFocused()
  await keys.delete(other.id)
  await page.clock.runFor(21_000)
  await expect(page.locator(`#${other.id}`)).toHaveCount(0)
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
})

test('the list stands still while nobody sees it, and while somebody renames a key', async ({ open }) => {
  const { keys, signIn } = await newWorkspace()
  const { id } = await keys.create({ name: 'Still' })
  const page = await open(null)
  await signIn(page)
  await openList(page)
  await page.getByRole('button', { name: 'More for key Still' }).click()
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  const before = await front.count(rows)
  await page.clock.runFor(41_000)
  await page.keyboard.press('Escape')
  expect(await front.count(rows)).toBe(before)

  const hide = (hidden: boolean) =>
    page.evaluate((isHidden) => {
      Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, hidden)
  await hide(true)
  await page.clock.runFor(41_000)
  expect(await front.count(rows)).toBe(before)
  await keys.disable(id)
  await hide(false)
  await expect(page.locator(`#${id}`)).toContainText('Disabled')
})

test('the list rests when nobody has touched the page for ten minutes', async ({ open }) => {
  const { keys, signIn } = await newWorkspace()
  await keys.create({ name: 'Resting' })
  const page = await open(null)
  await signIn(page)
  await openList(page)
  await page.clock.fastForward(11 * 60_000)
  const before = await front.count(rows)
  await page.clock.runFor(41_000)
  expect(await front.count(rows)).toBe(before)
})

test('the rows stay when the API does not answer', async ({ open }) => {
  const { keys, signIn } = await newWorkspace()
  const { id } = await keys.create({ name: 'Kept' })
  const page = await open(null)
  await signIn(page)
  await openList(page)
  await apiProxy.fail({ on: 'GET /v1/api-keys?', kind: 'refused' })
  const asked = page.waitForResponse((response) => response.url().includes('/rows'))
  await page.clock.runFor(21_000)
  expect((await asked).status()).toBe(503)
  await expect(page.locator(`#${id}`)).toBeVisible()
  await apiProxy.heal()
  await keys.disable(id)
  await page.clock.runFor(21_000)
  await expect(page.locator(`#${id}`)).toContainText('Disabled')
})

test('the list is drawn although its use cannot be read', async ({ open }) => {
  const { keys, signIn } = await newWorkspace()
  const { id } = await keys.create({ name: 'Undrawn' })
  const page = await open(null)
  await signIn(page)
  await apiProxy.fail({ on: 'GET /v1/api-keys/usage/keys', kind: 'refused' })
  await page.goto(list)
  await expect(page.locator(`#${id}`)).toContainText('Unknown')
  await apiProxy.heal()
})
