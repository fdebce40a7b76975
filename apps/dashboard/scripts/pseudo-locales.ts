/**
 * Writes the messages once more in two languages that nobody speaks, made from the English ones, for the build
 * `PSEUDO_LOCALES=yes vite build`. `en-XA` shows text that escaped translation and places that are too narrow; `ar-XB` is
 * read from right to left.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { areasOf, mapTexts, readMessages, speakers, type Message } from './messages.ts'

export const pseudoLocales = ['en-XA', 'ar-XB']

const folder = fileURLToPath(new URL('../.svelte-kit/pseudo/', import.meta.url))
const plugin = fileURLToPath(
  new URL('../../../node_modules/@inlang/plugin-message-format/dist/index.js', import.meta.url),
)

/** How much longer than English another language may well be. */
const growth = 0.4
const accents = new Map(
  [...'aeiouyncsAEIOUYNCS'].map((letter, index) => [letter, [...'àéîöûýñçšÀÉÎÖÛÝÑÇŠ'][index]!]),
)

/** “⟦Çŕéàté ~~~⟧”: longer, in brackets, and still readable. */
export function pseudo(text: string): string {
  const accented = text
    .split(/(\{\w+\})/)
    .map((part) =>
      part.startsWith('{') ? part : [...part].map((letter) => accents.get(letter) ?? letter).join(''),
    )
    .join('')
  const words = Math.ceil((text.length * growth) / 4)
  return `⟦${accented}${' one'.repeat(words).replaceAll('one', 'öñé')}⟧`
}

export function writePseudoLocales(): void {
  rmSync(folder, { recursive: true, force: true })
  const areas = speakers.flatMap((speaker) =>
    areasOf(speaker).map((area) => ({ speaker, area, file: `${speaker.replace('/', '-')}-${area}` })),
  )
  for (const locale of pseudoLocales) {
    mkdirSync(`${folder}messages/${locale}`, { recursive: true })
    for (const { speaker, area, file } of areas) {
      const messages = Object.entries(readMessages(speaker, 'en', area)).map(([key, message]) => [
        key,
        everyCount(mapTexts(message, pseudo)),
      ])
      writeFileSync(`${folder}messages/${locale}/${file}`, JSON.stringify(Object.fromEntries(messages)))
    }
  }
  mkdirSync(`${folder}project.inlang`)
  const settings = {
    baseLocale: pseudoLocales[0],
    locales: pseudoLocales,
    telemetry: 'off',
    modules: [plugin],
    'plugin.inlang.messageFormat': {
      pathPattern: areas.map(({ file }) => `./messages/{locale}/${file}`),
    },
  }
  writeFileSync(`${folder}project.inlang/settings.json`, JSON.stringify(settings))
}

/** Arabic counts in six forms; English has two, of which the second stands for all others. */
function everyCount(message: Message): Message {
  return JSON.parse(JSON.stringify(message).replaceAll('=other', '=*')) as Message
}
