import { baseLocale, isLocale, overwriteGetLocale, type Locale } from '#paraglide/runtime.js'

/** The languages that the page speaks. */
export type { Locale }

let spoken: Locale = baseLocale
overwriteGetLocale(() => spoken)

/**
 * Speaks a language from now on: the one that is asked for, as `de` or `de-AT`, or that of the document; English where
 * that is another one. All pages of a document speak the same, the one that was asked for last.
 */
export function speak(asked: string | undefined): Locale {
  const tag = asked || (typeof document === 'undefined' ? '' : document.documentElement.lang)
  const language = tag.toLowerCase().split('-')[0]
  spoken = isLocale(language) ? language : baseLocale
  return spoken
}
