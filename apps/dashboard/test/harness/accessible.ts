import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { keepSheet, takesPictures } from './gallery.ts'

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** That axe finds nothing on the page as it is, and nothing reaches beyond the screen, whatever theme and width. */
export async function expectAccessible(page: Page): Promise<void> {
  const pictures: Buffer[] = []
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [320, 768, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme })
      await painted(page)
      const axe = new AxeBuilder({ page })
      // Of all that axe looks at, the theme changes the contrast alone, and the rest takes most of the time.
      const { violations } = await (
        colorScheme === 'light' ? axe.withTags(rules) : axe.withRules(['color-contrast'])
      ).analyze()
      const found = violations.map(({ id, nodes }) => [
        id,
        ...nodes.map(({ html, failureSummary }) => [html, failureSummary]),
      ])
      expect.soft(found, `${colorScheme}, ${width} pixels`).toEqual([])
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect.soft(beyond, `what reaches beyond ${width} pixels`).toBeLessThanOrEqual(0)
      if (takesPictures && width !== 768) pictures.push(await page.screenshot())
    }
  await keepSheet(page, pictures)
}

/** Waits until what is on the screen has the colours and measures it was just given. */
const painted = (page: Page) =>
  page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished))
  })
