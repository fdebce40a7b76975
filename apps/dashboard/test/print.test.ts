import { expect, test, visit } from './harness/test.ts'

const list = '/settings/api-keys'

test('on paper the list is dark on light, without menus and buttons', async ({ open }) => {
  const page = await open('ada', { colorScheme: 'dark' })
  await visit(page, `${list}?q=Zapier`)
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  await expect(page.getByRole('cell', { name: 'Zapier' }).first()).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeHidden()
  await expect(page.getByRole('button', { name: 'Create API Key' })).toBeHidden()
  await expect(page.getByRole('search')).toBeHidden()
  const colours = await page.evaluate(() => {
    const { backgroundColor, color } = getComputedStyle(document.documentElement)
    return { backgroundColor, color }
  })
  expect(colours).toEqual({ backgroundColor: 'rgb(250, 249, 246)', color: 'rgb(28, 26, 22)' })
})

test('with the colours of the system, what is chosen is still to be seen', async ({ open }) => {
  const page = await open('ada', { forcedColors: 'active' })
  await visit(page, list)
  const current = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'API Keys' })
  await expect(current).toHaveCSS('text-decoration-line', 'underline')
  await page.keyboard.press('Control+K')
  const chosen = page.getByRole('dialog').getByRole('option', { selected: true })
  await expect(chosen).toHaveCSS('outline-width', '2px')
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('switch')).toHaveCSS('border-top-width', '1px')
})
