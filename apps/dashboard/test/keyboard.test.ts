import type { Locator, Page } from '@playwright/test'
import { password } from './harness/people.ts'
import {
  clipboardText,
  expect,
  revealed,
  secretOn,
  takenOver,
  test,
  uniqueName,
  visit,
} from './harness/test.ts'

test('the whole path works with the keyboard alone, and the focus is always to be seen', async ({ open }) => {
  const page = await open(null)
  await page.context().grantPermissions(['clipboard-write'])
  const name = uniqueName('By keyboard')

  await visit(page, '/sign-in')
  await tabTo(page, page.getByLabel('Email'))
  await page.keyboard.type('ada@example.com')
  await tabTo(page, page.getByLabel('Password', { exact: true }))
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  await takenOver(page)

  await tabTo(page, page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }))
  await page.keyboard.press('Enter')
  await page.waitForURL('**/settings')
  await page.reload()
  await takenOver(page)
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeInViewport()
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('main').getByRole('link', { name: 'API Keys' }))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'API Keys' })).toBeVisible()

  await tabTo(page, page.getByRole('button', { name: 'Create API Key' }))
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('Key Name')).toBeFocused()
  await page.keyboard.type(name)
  await tabTo(page, page.getByRole('button', { name: 'Generate' }))
  await page.keyboard.press('Enter')
  const secret = await secretOn(page)
  await expect(page.getByRole('button', { name: 'Copy', exact: true })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Copied', exact: true })).toBeVisible()
  expect(await clipboardText(page)).toBe(secret)

  await page.keyboard.press('Escape')
  await expect(revealed(page)).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Create API Key' })).toBeFocused()

  const remove = page.getByRole('button', { name: `Delete key ${name}` })
  await tabTo(page, remove)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(remove).toBeFocused()
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('button', { name: 'Delete', exact: true }))
  await page.keyboard.press('Enter')
  await expect(page.getByText(`“${name}” is deleted`)).toBeVisible()
  await expect(page.getByRole('heading', { level: 1, name: 'API Keys' })).toBeFocused()
})

test('a dialog keeps the focus inside', async ({ open }) => {
  const page = await open('ada')
  await visit(page, '/settings/api-keys')
  await page.getByRole('button', { name: 'Create API Key' }).click()
  await expect(page.getByLabel('Key Name')).toBeFocused()
  for (let step = 0; step < 20; step++) {
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.closest('[role=dialog]') !== null)).toBe(true)
  }
})

test('what can be pressed is at least 24 pixels in both directions', async ({ open }) => {
  const page = await open('ada', { viewport: { width: 320, height: 800 } })
  await visit(page, '/settings/api-keys')
  const small = await page.locator('button:visible, a:visible, select:visible').evaluateAll((elements) =>
    elements
      // A link within a line of text is as high as the line; the standard says so too.
      .filter((element) => !element.closest('p, td, ol'))
      .filter((element) => element.getBoundingClientRect().top >= 0)
      .map((element) => [element.textContent, element.getBoundingClientRect()] as const)
      .filter(([, { width, height }]) => width < 24 || height < 24)
      .map(([text]) => text),
  )
  expect(small).toEqual([])
})

/** Presses Tab until the element has the focus; each stop on the way must show that it has it. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let step = 0; step < 150; step++) {
    if (await target.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press('Tab')
    const unseen = await page.evaluate(() => {
      const element = document.activeElement
      if (!element || element === document.body) return null
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      const ring = element.closest('label:has(:focus-visible)')
      const shown = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
      const shownAround = ring !== null && getComputedStyle(ring).outlineStyle !== 'none'
      return shown || shownAround || element.id === 'main' ? null : element.outerHTML.slice(0, 200)
    })
    expect(unseen, 'an element with the focus but no ring').toBeNull()
  }
  throw new Error(`Tab never reached ${target.toString()}`)
}
