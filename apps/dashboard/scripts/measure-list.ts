/**
 * Measures the list of API keys with ten thousand of them, on a throw-away database, with the browser's own timing:
 * `npm run measure -w @latchkey/dashboard` after `npm run build`. Fails when a bar is missed.
 */
import { gzipSync } from 'node:zlib'
import { chromium, type Page, type Response } from '@playwright/test'
import { keysOf } from '../test/harness/keys.ts'
import { ada, nameAda, password, signInAtApi } from '../test/harness/people.ts'
import { startServers, type Servers } from '../test/harness/servers.ts'

const bars = { replyMs: 100, paintMs: 1_000, scriptKb: 150, interactionMs: 200 }
const keyCount = 10_000
const rounds = 15
const list = '/settings/api-keys'

const servers = await startServers({ email: ada.email, password })
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  const cookie = await seed(servers)
  const page = await browser.newPage({ baseURL: servers.origin, viewport: { width: 1280, height: 800 } })
  const [name = '', value = ''] = cookie.split(/=(.*)/s)
  await page
    .context()
    .addCookies([{ name, value, url: 'https://localhost', httpOnly: true, sameSite: 'Lax' }])

  let isGood = true
  for (const path of ['', '?attention=unused', '?scope=contacts%3Aread&sort=name', '?q=key+77', '?size=100'])
    isGood = (await measure(page, path)) && isGood
  process.exitCode = isGood ? 0 : 1
} finally {
  await browser.close()
  await servers.stop()
}

/** Ten thousand keys with a month of use. Rows of one key are copied, for creating them one by one takes minutes. */
async function seed({ sql, apiUrl }: Servers): Promise<string> {
  await nameAda(sql)
  const cookie = await signInAtApi(apiUrl, ada.email)
  const scopes = ['contacts:read', 'contacts:write', 'companies:read']
  await keysOf(apiUrl, cookie).create({ name: 'Key 1', scopes })
  const columns = 'owner_id, start, environment, scopes, created_by_id, created_by_name'
  await sql.unsafe(`
    insert into latchkey.keys (id, created_at, hash, name, ${columns})
    select gen_random_uuid(), now() - number * interval '30 minutes', sha256(number::text::bytea),
      'Key ' || number, ${columns}
    from latchkey.keys, generate_series(2, ${keyCount}) as number where name = 'Key 1'`)
  await sql`
    insert into latchkey.last_used (key_id, used_at, address)
    select id, now() - random() * interval '60 days', '203.0.113.7' from latchkey.keys where random() < 0.8`
  await sql`
    insert into latchkey.usage (subject, bucket, count, resolution, namespace, outcome)
    select id, date_trunc('day', now(), 'UTC') - day * interval '1 day', 1 + floor(random() * 5000), 'd', 'default', 'accepted'
    from latchkey.keys, generate_series(0, 29) as day`
  await sql`analyze`
  return cookie
}

async function measure(page: Page, query: string): Promise<boolean> {
  const [replies, paints]: [number[], number[]] = [[], []]
  let scriptKb = 0
  for (let round = 0; round < rounds; round++) {
    const scripts = new Map<string, Promise<Buffer>>()
    const keep = (response: Response) => {
      if (response.url().endsWith('.js')) scripts.set(response.url(), response.body())
    }
    page.on('response', keep)
    await page.goto(list + query, { waitUntil: 'networkidle' })
    page.off('response', keep)
    if (round === 0 && query === '')
      for (const body of scripts.values()) scriptKb += gzipSync(await body).length / 1024
    const { replyMs, paintMs } = await page.evaluate(readTimes)
    replies.push(replyMs)
    paints.push(paintMs)
  }
  const measured = {
    replyMs: median(replies),
    paintMs: median(paints),
    scriptKb,
    interactionMs: await interact(page),
  }
  const isGood = Object.entries(bars).every(([name, bar]) => measured[name as keyof typeof bars] < bar)
  const shown = Object.entries(measured).map(([name, figure]) => `${name} ${figure.toFixed(0)}`)
  console.log(`${isGood ? 'good' : 'MISSED'}  ${(query || 'all').padEnd(34)} ${shown.join(', ')}`)
  return isGood
}

/** In the browser. */
async function readTimes() {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  const paintMs = await new Promise<number>((resolve) => {
    new PerformanceObserver((entries) => resolve(entries.getEntries().at(-1)!.startTime)).observe({
      type: 'largest-contentful-paint',
      buffered: true,
    })
  })
  return { replyMs: navigation!.responseStart - navigation!.requestStart, paintMs }
}

/** The slowest of what people do on the page: choosing a key, choosing all of them, opening the menu. */
async function interact(page: Page): Promise<number> {
  await page.evaluate(() => {
    const slow = { ms: 0 }
    Object.assign(window, { slow })
    new PerformanceObserver((entries) => {
      for (const { duration } of entries.getEntries()) slow.ms = Math.max(slow.ms, duration)
    }).observe({ type: 'event', durationThreshold: 16, buffered: false } as PerformanceObserverInit)
  })
  const first = page.locator('tbody tr').first()
  await first.getByRole('checkbox').click()
  await page.getByRole('checkbox', { name: 'Select every key on this page' }).click()
  await first.getByRole('button', { name: /^More for key/ }).click()
  await page.getByRole('menu').waitFor()
  await page.keyboard.press('Escape')
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)))
  return page.evaluate(() => (window as unknown as { slow: { ms: number } }).slow.ms)
}

function median(figures: number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)]!
}
