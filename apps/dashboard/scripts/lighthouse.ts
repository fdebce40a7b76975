/**
 * What Lighthouse thinks of the list of API keys and of the page that creates one, as a phone on a slow network and as a
 * desk has them: `npm run lighthouse -w @latchkey/dashboard` after `npm run build`. Fails when a score is below 95.
 */
import { chromium } from '@playwright/test'
import lighthouse, { desktopConfig } from 'lighthouse'
import { freePort } from '../test/harness/child-server.ts'
import { keysOf } from '../test/harness/keys.ts'
import { ada, nameAda, password, signInAtApi } from '../test/harness/people.ts'
import { startServers } from '../test/harness/servers.ts'

const bar = 95
const categories = ['performance', 'accessibility', 'best-practices']
const pages = { list: '/settings/api-keys', create: '/settings/api-keys/new' }
const devices = { phone: undefined, desk: desktopConfig }

const servers = await startServers({ email: ada.email, password })
const port = await freePort()
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', `--remote-debugging-port=${port}`],
})
try {
  await nameAda(servers.sql)
  const cookie = await signInAtApi(servers.apiUrl, ada.email)
  const keys = keysOf(servers.apiUrl, cookie)
  for (let number = 1; number <= 25; number++)
    await keys.create({ name: `Key ${number}`, scopes: ['contacts:read'] })
  for (const [name, path] of Object.entries(pages))
    for (const [device, config] of Object.entries(devices))
      await judge(`${name}, ${device}`, path, config, cookie)
} finally {
  await browser.close()
  await servers.stop()
}

async function judge(
  name: string,
  path: string,
  config: typeof desktopConfig | undefined,
  cookie: string,
): Promise<void> {
  // A server that has just started compiles what it runs, which is not the page's doing.
  for (let visit = 0; visit < 5; visit++) await fetch(`${servers.origin}${path}`, { headers: { cookie } })
  const flags = { port, onlyCategories: categories, extraHeaders: { cookie }, disableStorageReset: true }
  const result = await lighthouse(`${servers.origin}${path}`, flags, config)
  if (!result?.lhr || result.lhr.runtimeError)
    throw new Error(`${name}: ${result?.lhr.runtimeError?.message}`)
  const { lhr } = result
  if (lhr.finalDisplayedUrl !== `${servers.origin}${path}`)
    throw new Error(`It saw ${lhr.finalDisplayedUrl}.`)
  const scores = categories.map((id) => [id, Math.round((lhr.categories[id]?.score ?? 0) * 100)] as const)
  const isGood = scores.every(([, score]) => score >= bar)
  if (!isGood) process.exitCode = 1
  console.log(
    `${isGood ? 'good' : 'MISSED'}  ${name.padEnd(14)} ${scores.map(([id, score]) => `${id} ${score}`).join(', ')}`,
  )
  for (const { auditRefs } of Object.values(lhr.categories))
    for (const { id, weight } of auditRefs) {
      const { score, title, displayValue = '' } = lhr.audits[id]!
      if (weight > 0 && score !== null && score < 0.9) console.log(`        ${title} ${displayValue}`)
    }
}
