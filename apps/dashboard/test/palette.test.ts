import type { Page } from '@playwright/test'
import { password } from './harness/people.ts'
import { expect, front, test, uniqueName, visit } from './harness/test.ts'

const list = '/settings/api-keys'
const field = (page: Page) => page.getByRole('combobox', { name: 'Type a command' })
const option = (page: Page, name: string | RegExp) => page.getByRole('dialog').getByRole('option', { name })

async function openPalette(page: Page): Promise<void> {
  await page.keyboard.press('Control+K')
  await expect(field(page)).toBeFocused()
}

test('opens by Ctrl+K, by ⌘K and by its button, and closes by the same keys or Escape', async ({ open }) => {
  const page = await open('ada')
  await visit(page, list)
  await openPalette(page)
  await page.keyboard.press('Control+K')
  await expect(field(page)).toHaveCount(0)
  await page.keyboard.press('Meta+K')
  await expect(field(page)).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(field(page)).toHaveCount(0)

  const button = page.getByRole('button', { name: 'Go to or find' })
  await button.click()
  await expect(field(page)).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(button).toBeFocused()
})

test('goes to pages by the arrow keys alone, and tells which one is chosen', async ({ open }) => {
  const page = await open('ada')
  await visit(page, list)
  await openPalette(page)
  await page.keyboard.press('ArrowUp')
  await expect(option(page, 'Sign out')).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('ArrowDown')
  await expect(option(page, 'Overview')).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('ArrowDown')
  const chosen = option(page, 'Settings')
  await expect(chosen).toHaveAttribute('aria-selected', 'true')
  await expect(field(page)).toHaveAttribute('aria-activedescendant', (await chosen.getAttribute('id')) ?? '')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/settings$/)
})

test('finds a command by the beginnings of its words, and says when there is none', async ({ open }) => {
  const page = await open('ada')
  await visit(page, list)
  await openPalette(page)
  await field(page).fill('cr k')
  await expect(option(page, /./)).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(`${list}/new`)

  await openPalette(page)
  await field(page).fill('xyzzy')
  await expect(page.getByText('Nothing matches.')).toBeVisible()
})

test('finds keys by their name on the server, and of a pasted key sends the start alone', async ({
  open,
  keysFor,
}) => {
  const name = uniqueName('Palette')
  const { id, secret } = await keysFor('ada').create({ name })
  const page = await open('ada')
  await visit(page, '/settings')
  await openPalette(page)
  await field(page).fill(name)
  await option(page, name).click()
  await expect(page).toHaveURL(`${list}/${id}`)

  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await openPalette(page)
  await field(page).fill(secret)
  await expect(option(page, name)).toBeVisible()
  expect(asked.some((url) => url.includes(secret.slice(0, 12)))).toBe(true)
  expect(asked.filter((url) => url.includes(secret.slice(0, 13)))).toEqual([])
  expect(await front.find(secret)).toEqual([])
})

test('switches the theme, which stays', async ({ open }) => {
  const page = await open('ada', { colorScheme: 'light' })
  await visit(page, list)
  await openPalette(page)
  await field(page).fill('dark')
  const kept = page.waitForResponse((response) => response.url().endsWith('/theme'))
  await page.keyboard.press('Enter')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await kept
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
})

test('signs out', async ({ open }) => {
  const page = await open(null)
  await signIn(page)
  await openPalette(page)
  await field(page).fill('sign out')
  await page.keyboard.press('Enter')
  await expect(page.getByText('You have signed out.')).toBeVisible()
})

test('offers a viewer nothing that a viewer may not do', async ({ open }) => {
  const page = await open('vic')
  await visit(page, list)
  await openPalette(page)
  await expect(option(page, 'Sign out')).toBeVisible()
  await expect(option(page, 'Create API Key')).toHaveCount(0)
  await page.keyboard.press('Escape')
  await page.keyboard.press('c')
  await expect(page).toHaveURL(new RegExp(`${list}$`))
})

test('is loaded when it is first opened, and not before', async ({ open }) => {
  const page = await open('ada')
  await visit(page, list)
  const later: string[] = []
  page.on('request', (request) => request.resourceType() === 'script' && later.push(request.url()))
  await openPalette(page)
  expect(later.length).toBeGreaterThan(0)
})

test.describe('single keys', () => {
  test('“/” focuses the search of the list, from anywhere', async ({ open }) => {
    const page = await open('ada')
    await visit(page, '/settings')
    await page.keyboard.press('/')
    await expect(page).toHaveURL(new RegExp(`${list}$`))
    await expect(page.getByRole('searchbox')).toBeFocused()
    await expect(page.getByRole('searchbox')).toHaveValue('')
  })

  test('“c” creates a key', async ({ open }) => {
    const page = await open('ada')
    await visit(page, '/settings')
    await page.keyboard.press('c')
    await expect(page.getByLabel('Key Name')).toBeFocused()
    await expect(page.getByLabel('Key Name')).toHaveValue('')
  })

  test('“?” shows them all', async ({ open }) => {
    const page = await open('ada')
    await visit(page, list)
    await page.keyboard.press('?')
    await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  })

  test('are text where text is typed, and nothing while a question waits', async ({ open }) => {
    const page = await open('ada')
    await visit(page, list)
    await page.getByRole('searchbox').pressSequentially('c/?')
    await expect(page.getByRole('searchbox')).toHaveValue('c/?')
    await expect(page.getByRole('dialog')).toHaveCount(0)

    await visit(page, `${list}?q=Zapier`)
    await page.getByRole('button', { name: 'Delete key Zapier' }).click()
    await expect(page.getByRole('alertdialog')).toBeVisible()
    await page.keyboard.press('c')
    await expect(page.getByRole('alertdialog')).toBeVisible()
    await expect(page.getByLabel('Key Name')).toHaveCount(0)
  })

  test('leave the browser’s own shortcuts alone', async ({ open }) => {
    const page = await open('ada')
    await visit(page, '/settings')
    await page.keyboard.press('Control+C')
    await page.keyboard.press('Alt+C')
    await page.keyboard.press('Meta+C')
    await expect(page).toHaveURL(/\/settings$/)
  })

  test('can be turned off, which stays, while Ctrl+K works on', async ({ open }) => {
    const page = await open('ada')
    await visit(page, list)
    await page.keyboard.press('?')
    const single = page.getByRole('switch', { name: 'Single-key shortcuts' })
    await expect(single).toBeChecked()
    await single.click()
    await expect(single).not.toBeChecked()
    await visit(page, list)
    for (const key of ['?', 'c', '/']) await page.keyboard.press(key)
    await expect(page).toHaveURL(new RegExp(`${list}$`))
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(page.getByRole('searchbox')).not.toBeFocused()

    await openPalette(page)
    await field(page).fill('shortcuts')
    await page.keyboard.press('Enter')
    await single.click()
    await expect(single).toBeChecked()
  })
})

async function signIn(page: Page): Promise<void> {
  await visit(page, '/sign-in')
  await page.getByLabel('Email').fill('ada@example.com')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByRole('button', { name: /^Account/ })).toBeVisible()
}
