import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { writePseudoLocales } from '../scripts/pseudo-locales.ts'
import { freePort, startChild, type ChildServer } from './harness/child-server.ts'
import { keysOf } from './harness/keys.ts'
import { apiUrl, databaseSql, expect, test, uniqueName, type Person } from './harness/test.ts'
import { newWorkspace } from './harness/workspace.ts'

const folder = fileURLToPath(new URL('../', import.meta.url))
const buildMs = 300_000
const built = `${folder}.svelte-kit/pseudo/built-for-${process.ppid}`

let dashboard: ChildServer
let address: string
/** What people and programs have named: the same in every language. */
let data: string[]
let ids: { key: string; member: string }
let operator: Awaited<ReturnType<typeof newWorkspace>>

test.beforeAll(async ({ cookies }) => {
  test.setTimeout(buildMs)
  // A worker that takes over after a failed test finds the build of this run.
  if (!existsSync(built)) {
    writePseudoLocales()
    buildDashboard()
    writeFileSync(built, '')
  }

  const port = await freePort()
  address = `http://localhost:${port}`
  dashboard = await startChild(
    `${folder}.svelte-kit/pseudo/build/index.js`,
    { PORT: String(port), HOST: '127.0.0.1', ORIGIN: address, API_URL: apiUrl },
    `${address}/healthz`,
  )
  operator = await newWorkspace()
  const sql = databaseSql()
  await sql`
    update account.users set role = 'operator', two_factor_enabled = true where email = ${operator.email}`
  await rotateSome(cookies.ada)
  data = await givenNames(cookies.ada)
  ids = await someIds(cookies.ada)
})
test.afterAll(() => dashboard?.stop())

function buildDashboard(): void {
  const vite = fileURLToPath(new URL('../../../node_modules/vite/bin/vite.js', import.meta.url))
  const env = { ...process.env, PSEUDO_LOCALES: 'yes' }
  const { status, stderr } = spawnSync(process.execPath, [vite, 'build'], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  expect(status, stderr).toBe(0)
}

const at = (name: string, path: string, as: Person | 'operator' | null = 'ada') => ({ name, path, as })
const keys = '/settings/api-keys'

/** `:key` and `:member` stand for the ids of some key and of a viewer. */
const places = [
  at('sign-in', '/sign-in', null),
  at('signed out', '/sign-in?notice=signed-out', null),
  at('signed out by half', '/sign-in?notice=sign-out-incomplete', null),
  at('set-up', '/setup', null),
  at('invitation', '/invitation', null),
  at('overview', '/', 'vic'),
  at('first steps', '/', 'nia'),
  at('settings', '/settings'),
  at('list', keys),
  at('list of nothing', `${keys}?q=nothing-has-this-name`),
  at('no keys', keys, 'nia'),
  at('create', `${keys}/new`),
  at('key', `${keys}/:key`),
  at('usage of a key', `${keys}/:key/usage`),
  at('activity of a key', `${keys}/:key/activity`),
  at('edit a key', `${keys}/:key/edit`),
  at('rotate a key', `${keys}/:key/rotate`),
  at('delete a key', `${keys}/:key/delete`),
  at('key policy', '/settings/key-policy'),
  at('audit log', '/settings/audit-log'),
  at('members', '/settings/members'),
  at('member', '/settings/members/:member'),
  at('invite', '/settings/members/invite'),
  at('security', '/settings/security'),
  at('password', '/settings/security/password'),
  at('second factor', '/settings/security/second-factor'),
  at('passkeys', '/settings/security/passkeys'),
  at('confirm that it is you', '/settings/security/confirm'),
  at('confirmed', '/settings/security/confirm/done'),
  at('operator area', '/operator', 'operator'),
  at('all workspaces', '/operator/workspaces', 'operator'),
  at('find a key', '/operator/find-key', 'operator'),
  at('health', '/operator/health', 'operator'),
  at('not found', '/nothing/here'),
]

for (const { name, path, as } of places)
  test(`all text is translated and fits, from the left and from the right: ${name}`, async ({ open }) => {
    const page = await open(as === 'operator' ? null : as, { baseURL: address, reducedMotion: 'reduce' })
    if (as === 'operator') await operator.signIn(page)
    const whole = path.replace(/:(key|member)/, (_, what: 'key' | 'member') => ids[what])
    await speak(page, 'en-XA')
    await page.goto(whole)
    expect.soft(await untranslated(page)).toEqual([])
    for (const width of [320, 768, 1280]) await expectToFit(page, width)

    await speak(page, 'ar-XB')
    await page.goto(whole)
    await expect(page.locator('html')).toHaveAttribute('dir', 'rtl')
    for (const width of [320, 768, 1280]) await expectToFit(page, width)
  })

const speak = (page: Page, locale: string) =>
  page.context().addCookies([{ name: 'latchkey_language', value: locale, url: address }])

async function expectToFit(page: Page, width: number): Promise<void> {
  await page.setViewportSize({ width, height: 800 })
  const beyond = await page.evaluate(() => {
    /** For screen readers alone, as the class sr-only has it on some widths. */
    const isClipped = (element: Element | null): boolean =>
      element !== null && (getComputedStyle(element).clipPath !== 'none' || isClipped(element.parentElement))
    const shown = [...document.querySelectorAll('h1, h2, p, a, button, input, select, label, dd, td, th')]
    /** What is moved sideways by itself, the page staying where it is. */
    const isScrolled = (element: Element | null): boolean =>
      element !== null &&
      (getComputedStyle(element).overflowX === 'auto' || isScrolled(element.parentElement))
    const boxes = shown
      .filter((element) => element.checkVisibility() && !isClipped(element) && !isScrolled(element))
      .map((element) => ({ box: element.getBoundingClientRect(), element }))
      .filter(({ box }) => box.width > 1 && (box.left < -1 || box.right > innerWidth + 1))
      .map(({ element }) => element.outerHTML.slice(0, 160))
    const scroll = document.documentElement.scrollWidth - document.documentElement.clientWidth
    return scroll > 0 ? [`the page by ${scroll} pixels`, ...boxes] : boxes
  })
  expect.soft(beyond, `what reaches beyond ${width} pixels`).toEqual([])
}

/** What on the page, seen or read aloud, is neither from a message nor data. */
async function untranslated(page: Page): Promise<string[]> {
  const texts = await page.evaluate(() => {
    const found = [document.title]
    const skip = 'script, style, time, [translate=no], [lang]:not(html)'
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node instanceof Element ? node : node.parentElement!
      if (element.closest(skip)) continue
      if (node instanceof Text) found.push(node.data)
      else
        for (const name of ['alt', 'aria-label', 'aria-roledescription', 'placeholder', 'title'])
          if (element.hasAttribute(name)) found.push(element.getAttribute(name)!)
    }
    return found
  })
  return texts.map(withoutKnown).filter((text) => /\p{L}/u.test(text))
}

/** Leaves of a text what nobody can account for. */
function withoutKnown(text: string): string {
  let rest = text
  // From the inside out: a message may stand in another one.
  while (/⟦[^⟦⟧]*⟧/.test(rest)) rest = rest.replaceAll(/⟦[^⟦⟧]*⟧/g, '')
  for (const name of data) rest = rest.replaceAll(name, '')
  return rest
    .replaceAll('Latchkey', '')
    .replaceAll(/lk_(live|test)_\w{4}/g, '')
    .replaceAll(/[A-Z][a-z]{2} \d{1,2}, \d{4}(, \d{1,2}:\d{2}\s[AP]M UTC)?/g, '')
    .replaceAll(/[A-Z][a-z]{2}, [A-Z][a-z]{2} \d{1,2}|\d{1,2}:\d{2}\s[AP]M/g, '')
    .replaceAll(/\b(in )?\d+ (second|minute|hour|day)s?( ago)?|yesterday|tomorrow/g, '')
}

/** For the audit log to tell of a secret that another one replaces. */
async function rotateSome(cookie: string): Promise<void> {
  const { id } = await keysOf(apiUrl, cookie).create({ name: uniqueName('Rotated') })
  const answer = await fetch(`${apiUrl}/v1/api-keys/${id}/rotate`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify({ gracePeriodSeconds: 3600 }),
  })
  expect(answer.status).toBe(200)
}

async function someIds(cookie: string): Promise<typeof ids> {
  const answer = await fetch(`${apiUrl}/v1/members`, { headers: { cookie } })
  const members = (await answer.json()) as { data: { id: string; role: string }[] }
  const viewer = members.data.find(({ role }) => role === 'viewer')
  const key = await keysOf(apiUrl, cookie).find('Zapier')
  return { key: String(key['id']), member: viewer!.id }
}

/** Names in the database, initials made of them, what the host calls its scopes, names of limits, and examples of addresses. */
async function givenNames(cookie: string): Promise<string[]> {
  const sql = databaseSql()
  const rows = await sql<{ name: string }[]>`
    select name from latchkey.keys union select name from account.users union select email from account.users
    union select name from account.workspaces
    union select created_by_name from latchkey.keys where created_by_name is not null
    union select user_agent from account.sessions where user_agent is not null`
  await sql.end()
  const answer = await fetch(`${apiUrl}/v1/api-keys/scopes`, { headers: { cookie } })
  const { data, sets } = (await answer.json()) as Record<string, { name: string; description: string }[]>
  return [
    ...rows.map(({ name }) => name),
    ...[...data!, ...sets!].flatMap(({ name, description }) => [name, description]),
    ...['AL', 'VV', 'NN', 'MM'],
    ...['burst', 'sustained'],
    ...['192.0.2.0/24\n2001:db8::7', 'https://app.example.com'],
  ].sort((one, other) => other.length - one.length)
}
