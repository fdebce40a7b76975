import { isLocale, overwriteGetLocale } from '#lib/paraglide/runtime.js'

/** The page says which language the server wrote it in. A change of it loads a new page. */
const { lang } = document.documentElement
overwriteGetLocale(() => (isLocale(lang) ? lang : 'en'))
