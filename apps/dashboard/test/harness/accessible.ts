import { axeViolations } from '@latchkey/testing/axe-violations'
import { expect, type Page } from '@playwright/test'
import { keepSheet, takesPictures } from './gallery.ts'

/** Phone, tablet, desk. The tablet shows what one of the others does, so there only the measures are looked at. */
const widths = [320, 768, 1280]

/** That axe finds nothing on the page as it is, and nothing reaches beyond the screen, whatever theme and width. */
export async function expectAccessible(page: Page): Promise<void> {
  const pictures: Buffer[] = []
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme })
      await painted(page)
      if (width !== 768) {
        const found = await axeViolations(page, colorScheme === 'light' ? 'all' : 'contrast')
        expect.soft(found, `${colorScheme}, ${width} pixels`).toEqual([])
        if (takesPictures) pictures.push(await page.screenshot())
      }
      expect.soft(await page.evaluate(howFarBeyond), `what reaches beyond ${width} pixels`).toEqual([])
    }
  await keepSheet(page, pictures)
}

/** In the browser: the page and the dialogs that would have to be moved sideways, and by how much. */
const howFarBeyond = () =>
  [document.documentElement, ...document.querySelectorAll('[role=dialog], [role=alertdialog], dialog')]
    .map((element) => [element.tagName, element.scrollWidth - element.clientWidth] as const)
    .filter(([, pixels]) => pixels > 0)

/**
 * Waits until what is on the screen has the colours and measures it was just given. Frame by frame, since an animation of
 * what nobody sees would never be told to have finished: the browser draws no frame for it.
 */
const painted = (page: Page) =>
  page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    const isMoving = ({ playState, effect }: Animation) =>
      playState === 'running' && effect?.getComputedTiming().endTime !== Infinity
    await frame()
    do await frame()
    while (document.getAnimations().some(isMoving))
  })
