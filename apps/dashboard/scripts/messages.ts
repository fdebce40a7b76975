import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Variants {
  declarations: string[]
  selectors: string[]
  match: Record<string, string>
}

/** A text, or one for each of several cases, as the files of `messages/` hold it. */
export type Message = string | [Variants]

/** Whose messages the dashboard speaks: its own, and those of what it shares with the embedded page. */
export const speakers = ['apps/dashboard', 'packages/svelte'] as const
export type Speaker = (typeof speakers)[number]

export const folderOf = (speaker: Speaker): string =>
  fileURLToPath(new URL(`../../../${speaker}/`, import.meta.url))

/** Its areas, for example `keys.json`. */
export const areasOf = (speaker: Speaker, locale = 'en'): string[] =>
  readdirSync(`${folderOf(speaker)}messages/${locale}`)

/** The messages of an area. */
export function readMessages(speaker: Speaker, locale: string, area: string): Record<string, Message> {
  const file = `${folderOf(speaker)}messages/${locale}/${area}`
  const { $schema: _, ...messages } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Message>
  return messages
}

const variable = /\{(\w+)\}/g

/** What whoever uses a message has to give it. */
export function variablesOf(message: Message): string[] {
  if (typeof message === 'string')
    return [...new Set([...message.matchAll(variable)].map(([, name]) => name!))].sort()
  const declared = message[0].declarations.filter((line) => line.startsWith('input '))
  return declared.map((line) => line.slice('input '.length)).sort()
}

/** The same message with each of its texts changed; the variables in them are kept out of it. */
export function mapTexts(message: Message, change: (text: string) => string): Message {
  if (typeof message === 'string') return change(message)
  const { match, ...rest } = message[0]
  const cases = Object.entries(match).map(([when, text]) => [when, change(text)])
  return [{ ...rest, match: Object.fromEntries(cases) as Record<string, string> }]
}
