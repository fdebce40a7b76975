import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import { readMessages, variablesOf, type Message } from '../scripts/messages.ts'

const folder = fileURLToPath(new URL('../', import.meta.url))
const { locales, baseLocale } = readJson('project.inlang/settings.json') as {
  locales: string[]
  baseLocale: string
}
const areas = readdirSync(join(folder, 'messages', baseLocale))
const base = all(baseLocale)

for (const locale of locales.filter((other) => other !== baseLocale)) {
  const translated = all(locale)

  test(`${locale} has every message of ${baseLocale}, and no other`, () => {
    expect(readdirSync(join(folder, 'messages', locale))).toEqual(areas)
    for (const area of areas)
      expect(Object.keys(readMessages(locale, area)).sort(), area).toEqual(
        Object.keys(readMessages(baseLocale, area)).sort(),
      )
  })

  test(`${locale} leaves no message empty and names the same variables`, () => {
    for (const [key, message] of translated) {
      expect(JSON.stringify(message), key).not.toMatch(/""/)
      expect(variablesOf(message), key).toEqual(variablesOf(base.get(key)!))
    }
  })
}

test('every area is compiled, and its messages bear its name', () => {
  const { pathPattern } = (readJson('project.inlang/settings.json') as Record<string, unknown>)[
    'plugin.inlang.messageFormat'
  ] as { pathPattern: string[] }
  expect(pathPattern.map((path) => path.replace('./messages/{locale}/', '')).sort()).toEqual(areas)
  for (const area of areas)
    for (const key of Object.keys(readMessages(baseLocale, area)))
      expect(key).toMatch(new RegExp(`^${area.replace('.json', '').replaceAll('-', '_')}_[a-z0-9_]+$`))
})

test('every message is used', () => {
  const sources = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(svelte|ts)$/.test(file) && !file.includes('paraglide'))
    .map((file) => readFileSync(join(folder, 'src', file), 'utf8'))
  const used = new Set(sources.flatMap((source) => source.match(/\bm\.\w+/g) ?? []))
  expect([...base.keys()].filter((key) => !used.has(`m.${key}`))).toEqual([])
})

test('German speaks to people as Sie, and calls a thing by one name', () => {
  const german = [...all('de')].filter(([, message]) =>
    /\b(du|dich|dir|dein\w*|API-Key\w*|Workspace\w*|Scopes?)\b/.test(JSON.stringify(message)),
  )
  expect(german).toEqual([])
})

function all(locale: string): Map<string, Message> {
  return new Map(areas.flatMap((area) => Object.entries(readMessages(locale, area))))
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'))
}
