import { baseLocale, locales, type Locale } from '#lib/paraglide/runtime.js'

/** The first of the languages of an Accept-Language header that we speak; English where there is none. */
export function preferredLocale(acceptLanguage: string | null): Locale {
  const wanted = (acceptLanguage ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';').map((text) => text.trim())
      const quality = parameters.find((parameter) => parameter.startsWith('q='))
      return { language: tag.split('-', 1)[0], quality: quality ? Number(quality.slice(2)) : 1 }
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality)
  for (const { language } of wanted) {
    const spoken = locales.find((locale) => locale === language)
    if (spoken) return spoken
  }
  return baseLocale
}
