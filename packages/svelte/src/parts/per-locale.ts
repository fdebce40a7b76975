import { getLocale, type Locale } from '#paraglide/runtime.js'

/** What Intl calls the languages, where that says more than their name: English dates with the day first. */
const tags: Partial<Record<Locale, string>> = { en: 'en-GB' }

/** Makes something once for each language, for Intl’s formatters take long to make. */
export function perLocale<Made>(make: (tag: string) => Made): () => Made {
  const made = new Map<Locale, Made>()
  return () => {
    const locale = getLocale()
    const known = made.get(locale)
    if (known) return known
    const fresh = make(tags[locale] ?? locale)
    made.set(locale, fresh)
    return fresh
  }
}
