import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
export const widths = [390, 1280]

/** That axe finds nothing on the page as it is, and nothing reaches beyond the screen, whatever theme and width. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await expectToFit(page, width)
      // Of all that axe looks at, the theme changes the contrast alone, and the rest takes most of the time.
      const axe = new AxeBuilder({ page }).setLegacyMode()
      const { violations } = await (
        colorScheme === 'light' ? axe.withTags(rules) : axe.withRules(['color-contrast'])
      ).analyze()
      const found = violations.map(({ id, nodes }) => [
        id,
        ...nodes.map(({ failureSummary }) => failureSummary),
      ])
      expect.soft(found, `${colorScheme}, ${width} pixels`).toEqual([])
    }
}

export async function expectToFit(page: Page, width: number): Promise<void> {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  expect.soft(beyond, `what reaches beyond ${width} pixels`).toBeLessThanOrEqual(0)
}
