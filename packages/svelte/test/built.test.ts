import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from '@playwright/test'
import { createClient } from '@latchkey/client'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import postcss, { type AtRule } from 'postcss'
import type * as Server from 'svelte/server'
import { createServer } from 'vite'
import { boundCss } from '../scripts/embed-css.ts'
import type * as Embedded from '../src/index.ts'

const dist = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../dist/${name}`, import.meta.url)), 'utf8')

const folder = fileURLToPath(new URL('../', import.meta.url))
const mostKilobytes = 75

test('the element is one file that loads nothing else, and is small', () => {
  const code = dist('latchkey-api-keys.js')
  expect(code).not.toMatch(/^\s*import\b|[;}]import[\s{*"']|\bimport\(/)
  expect(gzipSync(code).length / 1000).toBeLessThan(mostKilobytes)
})

test('the style sheet for Svelte reaches nothing outside of the page', () => {
  const selectors: string[] = []
  postcss.parse(dist('style.css')).walkRules((rule) => {
    if (!(rule.parent as AtRule).name?.endsWith('keyframes')) selectors.push(...rule.selectors)
  })
  expect(selectors.length).toBeGreaterThan(200)
  expect(selectors.filter((text) => !/^(?:\.latchkey|:where\(\.latchkey\) )/.test(text))).toEqual([])
})

test('what is said of a document is said of the page', () => {
  const css = ':root,:host{--a:1px}html{margin:0}.b{top:0}@property --c{syntax:"*";inherits:false}'
  expect(boundCss(css, 'shadow')).toBe(':host{--a:1px}.latchkey-page{margin:0}.b{top:0}')
  expect(boundCss(css, 'document')).toContain(
    '.latchkey{--a:1px}.latchkey-page{margin:0}:where(.latchkey) .b{top:0}',
  )
})

test('a server renders that it is loading, in the language that it is told', async () => {
  const vite = await createServer({
    root: folder,
    configFile: false,
    plugins: [svelte()],
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, ws: false },
    appType: 'custom',
    logLevel: 'error',
  })
  const { ApiKeys } = (await vite.ssrLoadModule('/src/index.ts')) as typeof Embedded
  const { render } = (await vite.ssrLoadModule('svelte/server')) as typeof Server
  const client = createClient({
    baseUrl: 'https://app.example.com',
    fetch: () => Promise.reject(new Error()),
  })
  const { body } = render(ApiKeys, { props: { client, locale: 'de' } })
  await vite.close()
  expect(body).toContain('API-Schlüssel werden geladen')
})
