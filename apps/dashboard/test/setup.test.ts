import { expect, test } from '@playwright/test'
import { expectAccessible } from './harness/accessible.ts'
import { startServers, type Servers } from './harness/servers.ts'

let servers: Servers

test.beforeEach(async () => {
  servers = await startServers()
})
test.afterEach(() => servers.stop())

for (const script of [true, false])
  test(`the one-time link makes the first account, ${script ? 'with' : 'without'} script`, async ({
    browser,
  }) => {
    const link = /http:\/\/\S+\/setup#(\S+)/.exec(servers.api.output())
    const [address = '', token = ''] = link ?? []
    expect(token.length).toBeGreaterThan(20)
    const context = await browser.newContext({ baseURL: servers.origin, javaScriptEnabled: script })
    const page = await context.newPage()

    await page.goto('/sign-in')
    await expect(page.getByText('Nobody has an account here yet')).toBeVisible()

    await page.goto(address)
    const code = page.getByLabel('Set-up code')
    if (script) {
      await expect(code).toHaveValue(token)
      await expect(page).toHaveURL(`${servers.origin}/setup`)
    } else await code.fill(token)
    await page.getByLabel('Your name').fill('Grace Hopper')
    await page.getByLabel('Email').fill('grace@example.com')
    await page.getByLabel('Password', { exact: true }).fill('too short')
    await page.getByLabel('Workspace name').fill('Navy')
    await page.getByRole('button', { name: 'Create account' }).click()
    await expect(page).toHaveURL(new RegExp(`^${servers.origin}/setup`))

    await page.getByLabel('Password', { exact: true }).fill('correct horse battery staple')
    await page.getByRole('button', { name: 'Create account' }).click()
    await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('aria-invalid', 'true')
    await expect(page.getByLabel('Your name')).toHaveValue('Grace Hopper')

    await page.getByLabel('Password', { exact: true }).fill('four purple paper boats')
    await page.getByRole('button', { name: 'Create account' }).click()
    await expect(page).toHaveURL(`${servers.origin}/settings/api-keys#main`)
    await expect(page.getByRole('heading', { name: 'No API keys yet' })).toBeVisible()

    await page.goto(address)
    await expect(page.getByText('This dashboard is set up already.')).toBeVisible()
    expect(servers.api.output() + servers.dashboard.output()).not.toContain('four purple paper boats')
    await context.close()
  })

test('axe finds nothing on the set-up page, empty or refused, whatever theme and width', async ({ page }) => {
  await page.goto(`${servers.origin}/setup`)
  await expectAccessible(page)
  await page.getByLabel('Set-up code').fill('not-the-code')
  await page.getByLabel('Your name').fill('Mallory')
  await page.getByLabel('Email').fill('mallory@example.com')
  await page.getByLabel('Password', { exact: true }).fill('four purple paper boats')
  await page.getByLabel('Workspace name').fill('Mine')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByLabel('Set-up code')).toHaveAccessibleDescription(/not valid/)
  await expectAccessible(page)
})

test('a wrong set-up code is told at its field', async ({ page }) => {
  await page.goto(`${servers.origin}/setup#not-the-code`)
  await page.getByLabel('Your name').fill('Mallory')
  await page.getByLabel('Email').fill('mallory@example.com')
  await page.getByLabel('Password', { exact: true }).fill('four purple paper boats')
  await page.getByLabel('Workspace name').fill('Mine')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByLabel('Set-up code')).toHaveAccessibleDescription(/not valid, or was used already/)
})
