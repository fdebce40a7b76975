import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from '@playwright/test'
import type { AxeResults, RunOptions } from 'axe-core'

/** In the browser, once its script has run. */
declare const axe: { run(context: unknown, options: RunOptions): Promise<AxeResults> }
declare const document: unknown

const script = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/**
 * What axe finds wrong with a page as it is, a rule's id first, then each place with what to do about it. Of all that it looks
 * at, a theme changes the contrast alone, and the rest takes most of the time. Not by `@axe-core/playwright`, which sends
 * axe to the page anew each time, and describes everything that is right as well: that takes half as long again.
 */
export async function axeViolations(page: Page, whatOf: 'all' | 'contrast'): Promise<string[][]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(script)
  const runOnly: RunOptions['runOnly'] =
    whatOf === 'all' ? { type: 'tag', values: rules } : { type: 'rule', values: ['color-contrast'] }
  return page.evaluate(async (runOnly) => {
    const { violations } = await axe.run(document, { runOnly, resultTypes: ['violations'] })
    return violations.map(({ id, nodes }) => [
      id,
      ...nodes.flatMap(({ html, failureSummary }) => [html, failureSummary ?? '']),
    ])
  }, runOnly)
}
