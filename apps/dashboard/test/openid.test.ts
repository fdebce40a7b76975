import type { BrowserContextOptions, Page } from '@playwright/test'
import { startOpenIdProvider, visitOpenIdProvider, type OpenIdServer } from '@latchkey/testing/openid'
import { expectAccessible } from './harness/accessible.ts'
import { addPerson, ada, password, signInAtApi, letTimePass } from './harness/people.ts'
import { startServers, type Servers } from './harness/servers.ts'
import { cookieFor, expect, test, uniqueName, visit } from './harness/test.ts'
import { appCode } from './harness/totp.ts'

const continueWith = 'Continue with Example ID'

let servers: Servers
let provider: OpenIdServer
test.beforeAll(async () => {
  servers = await startServers({ email: ada.email, password }, undefined, async (origin) => {
    provider = await startOpenIdProvider(`${origin}/sign-in/openid/callback`)
    return {
      LATCHKEY_OPENID_ISSUER: provider.issuer,
      LATCHKEY_OPENID_CLIENT_ID: provider.clientId,
      LATCHKEY_OPENID_CLIENT_SECRET: provider.clientSecret,
      LATCHKEY_OPENID_NAME: 'Example ID',
    }
  })
})
test.afterAll(async () => {
  await servers.stop()
  await provider.stop()
})

type Open = (person: null, options?: BrowserContextOptions) => Promise<Page>

const newPage = (open: Open, options: BrowserContextOptions = {}) =>
  open(null, { baseURL: servers.origin, ...options })

/** Somebody with a workspace of their own here, and known to the provider by their address as subject. */
async function newPerson(): Promise<string> {
  const email = `${uniqueName('ida').replace(' ', '.')}@example.com`
  await addPerson(servers.sql, { email, name: 'Ida Dee', role: 'owner', ownWorkspace: 'Ida’s' })
  provider.people.set(email, { email, email_verified: true, name: 'Ida Dee' })
  return email
}

async function signedIn(open: Open, email: string, options?: BrowserContextOptions): Promise<Page> {
  const page = await newPage(open, options)
  await page.context().addCookies([cookieFor(await signInAtApi(servers.apiUrl, email))])
  return page
}

/** What a person does on the provider’s own page. */
async function approve(page: Page, subject: string): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Test provider' })).toBeVisible()
  expect(new URL(page.url()).origin).toBe(provider.issuer)
  await page.getByLabel('Subject').fill(subject)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function connect(page: Page, subject: string): Promise<void> {
  await visit(page, '/settings/security')
  await page.getByRole('link', { name: 'Connect' }).click()
  await page.getByRole('button', { name: continueWith }).click()
  await approve(page, subject)
}

/** The provider remembers who was there, and would not ask. */
const forgetProvider = (page: Page) => page.context().clearCookies({ domain: '127.0.0.1' })

/** Begins on the page, which does not leave; where the provider would send somebody back to. */
async function wayBack(page: Page, subject: string): Promise<string> {
  const way = page.waitForRequest(`${provider.issuer}/**`)
  await page.route(`${provider.issuer}/**`, (route) => route.fulfill({ status: 204 }))
  await page.getByRole('button', { name: continueWith }).click()
  return (await visitOpenIdProvider((await way).url(), subject)).href
}

async function connected(open: Open): Promise<{ page: Page; email: string }> {
  const email = await newPerson()
  const page = await signedIn(open, email)
  await connect(page, email)
  await expect(page.getByText('You can sign in with Example ID now.')).toBeVisible()
  return { page, email }
}

async function signIn(page: Page, subject: string): Promise<void> {
  await forgetProvider(page)
  await visit(page, '/sign-in')
  await page.getByRole('button', { name: continueWith }).click()
  await approve(page, subject)
}

for (const script of [true, false])
  test(`somebody connects, signs in through the provider’s page, and disconnects, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const email = await newPerson()
    const page = await signedIn(open, email, { javaScriptEnabled: script })
    await letTimePass(servers.sql, email)
    await visit(page, '/settings/security/openid')
    await page.getByRole('button', { name: continueWith }).click()
    await page.getByLabel('Your password').fill(password)
    await page.getByRole('button', { name: 'Confirm', exact: true }).click()
    await expect(page).toHaveURL(`${servers.origin}/settings/security/openid`)
    await connect(page, email)
    await expect(page).toHaveURL(`${servers.origin}/settings/security?notice=openid-on`)
    await expect(page.getByText('You can sign in with Example ID now.')).toBeVisible()

    const other = await newPage(open, { javaScriptEnabled: script })
    await visit(other, '/settings/members')
    await other.getByRole('button', { name: continueWith }).click()
    await approve(other, email)
    await expect(other).toHaveURL(`${servers.origin}/settings/members`)
    await expect(other.getByRole('heading', { level: 1, name: 'Members' })).toBeVisible()

    await visit(page, '/settings/security')
    await page.getByRole('link', { name: 'Manage' }).click()
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await expect(page.getByText('Example ID signs you in no more.')).toBeVisible()
    await visit(other, '/settings')
    await expect(other).toHaveURL(/\/sign-in/)
    await signIn(other, email)
    await expect(other.getByRole('alert')).toContainText('not connected with Example ID yet')
  })

test('an invitation makes an account without a password', async ({ open }) => {
  const cookie = await signInAtApi(servers.apiUrl, ada.email)
  const email = `${uniqueName('guest').replace(' ', '.')}@example.com`
  const made = await fetch(`${servers.apiUrl}/v1/invitations`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify({ email, role: 'developer' }),
  })
  const { token } = (await made.json()) as { token: string }
  provider.people.set(email, { email, email_verified: true, name: 'Grace Hopper' })
  provider.people.set('somebody else', { email: 'else@example.com', email_verified: true })

  const page = await newPage(open, { reducedMotion: 'reduce' })
  await visit(page, `/invitation#${token}`)
  await page.getByRole('button', { name: continueWith }).click()
  await approve(page, 'somebody else')
  await expect(page.getByRole('alert')).toContainText('another email than the one')
  await expectAccessible(page)
  await forgetProvider(page)
  await page.getByRole('button', { name: continueWith }).click()
  await approve(page, email)
  await expect(page).toHaveURL(`${servers.origin}/settings/api-keys#main`)

  await visit(page, '/settings/security')
  await expect(page.getByText('Your account has no password of its own.')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Change password' })).toHaveCount(0)
  await page.getByRole('link', { name: 'Manage' }).click()
  await page.getByRole('button', { name: 'Disconnect' }).click()
  await expect(page.getByRole('alert')).toContainText('This is your only way to sign in.')
  await expectAccessible(page)
})

test('the second factor is asked for after the provider, too', async ({ open }) => {
  const { page, email } = await connected(open)
  await visit(page, '/settings/security/second-factor')
  await page.getByLabel('Your password').fill(password)
  await page.getByRole('button', { name: 'Set up' }).click()
  const secret = ((await page.locator('section p code').textContent()) ?? '').replaceAll(/\s/g, '')
  await page.getByLabel('Code', { exact: true }).fill(appCode(secret))
  await page.getByRole('button', { name: 'Turn on' }).click()
  await expect(page.getByText('The second factor is on.')).toBeVisible()

  const other = await newPage(open)
  await visit(other, '/settings/members')
  await other.getByRole('button', { name: continueWith }).click()
  await approve(other, email)
  await expect(other.getByRole('heading', { name: 'Enter your code' })).toBeVisible()
  await other.getByLabel('Code').fill(appCode(secret, Date.now() + 30_000))
  await other.getByRole('button', { name: 'Sign in' }).click()
  await expect(other).toHaveURL(`${servers.origin}/settings/members`)
})

test('whatever goes wrong is said on the sign-in page, and nothing of it stays in the address', async ({
  open,
}) => {
  const { email } = await connected(open)
  const page = await newPage(open)
  const alert = page.getByRole('alert')
  await visit(page, '/sign-in?redirectTo=%2Fsettings%2Fmembers')
  await page.getByRole('button', { name: continueWith }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(alert).toContainText('Example ID did not confirm who you are.')
  await expect(page).toHaveURL(
    `${servers.origin}/sign-in?problem=openid_refused&redirectTo=%2Fsettings%2Fmembers`,
  )

  // Another browser’s way back, as an attacker would send it.
  const other = await newPage(open)
  await visit(other, '/sign-in')
  await page.goto(await wayBack(other, email))
  await expect(alert).toContainText('begun in another browser')
  await expect(page).toHaveURL(`${servers.origin}/sign-in?problem=openid_expired`)
  await visit(page, '/settings')
  await expect(page).toHaveURL(/\/sign-in\?redirectTo/)

  // No address begins anything.
  await visit(page, '/sign-in/openid')
  await expect(page).toHaveURL(`${servers.origin}/sign-in`)
  expect((await page.context().cookies()).filter(({ name }) => /openid/.test(name))).toEqual([])

  // The provider goes away while somebody is on the way back.
  const back = await wayBack(page, email)
  await provider.stop()
  await page.goto(back)
  await expect(alert).toContainText('Example ID does not answer right now.')
  await provider.start()
  await visit(page, '/sign-in?problem=%3Cscript%3E')
  await expect(alert).toContainText('Example ID did not confirm who you are.')
})

test('axe finds nothing on the settings of sign-in by OpenID, whatever theme and width', async ({ open }) => {
  const email = await newPerson()
  const page = await signedIn(open, email, { reducedMotion: 'reduce' })
  await visit(page, '/settings/security')
  await expectAccessible(page)
  await visit(page, '/settings/security/openid?problem=openid_other_email')
  await expectAccessible(page)
})

test('axe finds nothing on the way to the provider, whatever theme and width', async ({ open }) => {
  const page = await newPage(open, { reducedMotion: 'reduce' })
  await visit(page, '/sign-in?problem=openid_unknown')
  await expectAccessible(page)
  // The page that leads on, held up.
  await page.route(`${provider.issuer}/**`, (route) => route.fulfill({ status: 204 }))
  await page.getByRole('button', { name: continueWith }).click()
  await expect(page.getByRole('link', { name: 'Continue' })).toBeVisible()
  await expectAccessible(page)
})
