import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import { preview, type PreviewServer } from 'vite'
import { storyNames } from '../stories/stories.ts'
import { expectAccessible, expectToFit, widths } from './harness/accessible.ts'

let server: PreviewServer
let address: string

test.beforeAll(async () => {
  const root = fileURLToPath(new URL('../stories/', import.meta.url))
  server = await preview({ root, configFile: false, preview: { port: 0 }, logLevel: 'silent' })
  address = server.resolvedUrls!.local[0]!
})
test.afterAll(() => server.close())

for (const story of storyNames)
  test(`axe finds nothing on ${story}, whatever theme and width`, async ({ page }) => {
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.goto(`${address}?story=${story}`)
    await page.locator('#story[data-ready]').waitFor()
    await expectAccessible(page)
    expect(errors).toEqual([])
  })

test('every state fits in German too, whose words are longer', async ({ page }) => {
  for (const story of storyNames) {
    await page.goto(`${address}?story=${story}&locale=de`)
    await page.locator('#story[data-ready]').waitFor()
    await expect(page.locator('h2', { hasText: 'API-Schlüssel' }).first()).toBeVisible()
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 })
      await expectToFit(page, width)
    }
  }
})

test('pages, searches and filters, and asks for no more of a key than its start', async ({ page }) => {
  await page.goto(`${address}?story=many`)
  await expect(page.getByText('1–25 of 60 keys')).toBeVisible()
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('button', { name: 'Next' }).click()
  await expect(page.getByText('51–60 of 60 keys')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Next' })).toBeDisabled()
  await page.getByRole('button', { name: 'Previous' }).click()
  await expect(page.getByText('26–50 of 60 keys')).toBeVisible()

  const search = page.getByRole('searchbox')
  await search.fill('Key 7')
  await expect(page.getByText('1 key', { exact: true })).toBeVisible()
  await search.fill(`lk_live_q8ZkT0wYd3VbX1nGmR5uJcE7hPaLsF2kW9aB`)
  await expect(search).toHaveValue('lk_live_q8Zk')
  await expect(page.getByText('That was a whole key.')).toBeVisible()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect(page.getByText('1–25 of 60 keys')).toBeVisible()
  await expect(search).toHaveValue('')
})

test('a dialog keeps the focus, closes on Escape and gives the focus back', async ({ page }) => {
  await page.goto(`${address}?story=filled`)
  const button = page.getByRole('button', { name: 'Delete key Zapier' })
  await button.click()
  const dialog = page.getByRole('alertdialog', { name: 'Delete this API key?' })
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(button).toBeFocused()
})
