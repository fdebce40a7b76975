import { axeViolations } from '@latchkey/testing/axe-violations'
import { expect, type Page } from '@playwright/test'

export const widths = [390, 1280]

/** That axe finds nothing on the page as it is, and nothing reaches beyond the screen, whatever theme and width. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await expectToFit(page, width)
      const found = await axeViolations(page, colorScheme === 'light' ? 'all' : 'contrast')
      expect.soft(found, `${colorScheme}, ${width} pixels`).toEqual([])
    }
}

export async function expectToFit(page: Page, width: number): Promise<void> {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  expect.soft(beyond, `what reaches beyond ${width} pixels`).toBeLessThanOrEqual(0)
}
