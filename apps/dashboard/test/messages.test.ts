import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import {
  areasOf,
  folderOf,
  readMessages,
  speakers,
  variablesOf,
  type Message,
  type Speaker,
} from '../scripts/messages.ts'

const { locales, baseLocale } = settingsOf('apps/dashboard')

for (const speaker of speakers) {
  const folder = folderOf(speaker)
  const areas = areasOf(speaker)
  const base = all(speaker, baseLocale)

  for (const locale of locales.filter((other) => other !== baseLocale)) {
    const translated = all(speaker, locale)

    test(`${speaker}: ${locale} has every message of ${baseLocale}, and no other`, () => {
      expect(areasOf(speaker, locale)).toEqual(areas)
      for (const area of areas)
        expect(Object.keys(readMessages(speaker, locale, area)).sort(), area).toEqual(
          Object.keys(readMessages(speaker, baseLocale, area)).sort(),
        )
    })

    test(`${speaker}: ${locale} leaves no message empty and names the same variables`, () => {
      for (const [key, message] of translated) {
        expect(JSON.stringify(message), key).not.toMatch(/""/)
        expect(variablesOf(message), key).toEqual(variablesOf(base.get(key)!))
      }
    })
  }

  test(`${speaker}: every area is compiled, and its messages bear its name`, () => {
    const own = areas.map((area) => `./messages/{locale}/${area}`)
    expect(
      settingsOf(speaker)
        .paths.filter((path) => path.startsWith('./'))
        .sort(),
    ).toEqual(own)
    for (const area of areas)
      for (const key of Object.keys(readMessages(speaker, baseLocale, area)))
        expect(key).toMatch(new RegExp(`^${area.replace('.json', '').replaceAll('-', '_')}_[a-z0-9_]+$`))
  })

  test(`${speaker}: every message is used there`, () => {
    const sources = readdirSync(`${folder}src`, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(svelte|ts)$/.test(file) && !file.includes('paraglide'))
      .map((file) => readFileSync(`${folder}src/${file}`, 'utf8'))
    const used = new Set(sources.flatMap((source) => source.match(/\bm\.\w+/g) ?? []))
    expect([...base.keys()].filter((key) => !used.has(`m.${key}`))).toEqual([])
  })

  test(`${speaker}: German speaks to people as Sie, and calls a thing by one name`, () => {
    const german = [...all(speaker, 'de')].filter(([, message]) =>
      /\b(du|dich|dir|dein\w*|API-Key\w*|Workspace\w*|Scopes?)\b/.test(JSON.stringify(message)),
    )
    expect(german).toEqual([])
  })
}

test('the dashboard compiles all that it shares, and no text stands in two places', () => {
  const shared = areasOf('packages/svelte').map((area) => `../../packages/svelte/messages/{locale}/${area}`)
  expect(
    settingsOf('apps/dashboard')
      .paths.filter((path) => !path.startsWith('./'))
      .sort(),
  ).toEqual(shared)
  const twice = [...all('apps/dashboard', 'en').keys()].filter((key) => all('packages/svelte', 'en').has(key))
  expect(twice).toEqual([])
})

function all(speaker: Speaker, locale: string): Map<string, Message> {
  return new Map(
    areasOf(speaker, locale).flatMap((area) => Object.entries(readMessages(speaker, locale, area))),
  )
}

function settingsOf(speaker: Speaker): { locales: string[]; baseLocale: string; paths: string[] } {
  const file = readFileSync(`${folderOf(speaker)}project.inlang/settings.json`, 'utf8')
  const settings = JSON.parse(file) as {
    locales: string[]
    baseLocale: string
    'plugin.inlang.messageFormat': { pathPattern: string[] }
  }
  return { ...settings, paths: settings['plugin.inlang.messageFormat'].pathPattern }
}
