import type { Page } from '@playwright/test'
import { expect, test, visit } from './harness/test.ts'

const list = '/settings/api-keys'
const background = (page: Page) =>
  page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
const light = 'rgb(250, 249, 246)'
const dark = 'rgb(18, 18, 17)'

test('the device decides until somebody chooses', async ({ open }) => {
  const page = await open('ada', { colorScheme: 'dark' })
  await visit(page, list)
  expect(await background(page)).toBe(dark)
  await page.emulateMedia({ colorScheme: 'light' })
  expect(await background(page)).toBe(light)
})

test('a choice counts at once, after a reload, and from the first paint on', async ({ open }) => {
  const page = await open('ada', { colorScheme: 'light' })
  await visit(page, list)
  await page.getByRole('button', { name: /^Account/ }).click()
  const kept = page.waitForResponse((response) => response.url().endsWith('/theme'))
  await page.getByRole('button', { name: 'Dark' }).click()
  expect(await background(page)).toBe(dark)
  await expect(page.getByRole('button', { name: 'Dark' })).toHaveAttribute('aria-pressed', 'true')
  await kept

  // The page is written in the theme, so there is nothing that a script would have to mend after the first paint.
  const html = await (await page.request.get('/settings')).text()
  expect(html).toContain('<html lang="en" dir="ltr" data-theme="dark">')
  await page.reload()
  expect(await background(page)).toBe(dark)
})

test('a choice works without script and comes back to the same page', async ({ open }) => {
  const page = await open('ada', { colorScheme: 'dark', javaScriptEnabled: false })
  await page.goto(`${list}?status=active`)
  await page.getByRole('button', { name: /^Account/ }).click()
  await page.getByRole('button', { name: 'Light' }).click()
  await expect(page).toHaveURL(/status=active$/)
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
})
