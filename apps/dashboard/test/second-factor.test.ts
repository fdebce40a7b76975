import { type BrowserContextOptions, type Page } from '@playwright/test'
import { expectAccessible } from './harness/accessible.ts'
import { addPerson, password, signInAtApi } from './harness/people.ts'
import {
  apiUrl,
  cookieFor,
  databaseSql,
  expect,
  front,
  origin,
  test,
  uniqueName,
  visit,
} from './harness/test.ts'
import { appCode } from './harness/totp.ts'

const page2fa = '/settings/security/second-factor'

type Open = (person: null, options?: BrowserContextOptions) => Promise<Page>

async function signedIn(open: Open, options?: BrowserContextOptions): Promise<{ page: Page; email: string }> {
  const email = `${uniqueName('two').replace(' ', '.')}@example.com`
  await addPerson(databaseSql(), { email, name: 'Tess Two', role: 'owner', ownWorkspace: 'Two' })
  const page = await open(null, options)
  await page.context().addCookies([cookieFor(await signInAtApi(apiUrl, email))])
  return { page, email }
}

/** Sets the factor up on the page; its secret and recovery codes. */
async function setUp(page: Page): Promise<{ secret: string; codes: string[] }> {
  await visit(page, '/settings/security')
  await page.getByRole('link', { name: 'Turn on' }).click()
  await page.getByLabel('Your password').fill(password)
  await page.getByRole('button', { name: 'Set up' }).click()
  await expect(page.getByRole('img', { name: 'QR code' })).toBeVisible()
  const secret = ((await page.locator('section p code').textContent()) ?? '').replaceAll(/\s/g, '')
  const codes = ((await page.getByLabel('Recovery codes', { exact: true }).textContent()) ?? '')
    .trim()
    .split('\n')
  return { secret, codes }
}

async function turnOn(page: Page): Promise<{ secret: string; codes: string[] }> {
  const shown = await setUp(page)
  await page.getByLabel('Code', { exact: true }).fill(appCode(shown.secret))
  await page.getByRole('button', { name: 'Turn on' }).click()
  await expect(page.getByText('The second factor is on.')).toBeVisible()
  return shown
}

async function firstStep(page: Page, email: string): Promise<void> {
  await visit(page, '/sign-in')
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Enter your code' })).toBeVisible()
}

for (const script of [true, false])
  test(`a second factor is turned on, asked for at sign-in, and turned off, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const { page, email } = await signedIn(open, { javaScriptEnabled: script })
    const { secret, codes } = await turnOn(page)
    expect(codes).toHaveLength(10)
    for (const text of [secret.slice(0, 4), codes[0]!])
      expect((await front.find(text)).filter(({ method }) => method === 'GET')).toEqual([])

    const other = await open(null, { javaScriptEnabled: script })
    await firstStep(other, email)
    await expect(other).toHaveURL(/\/sign-in\/code/)
    await visit(other, '/settings/api-keys')
    await expect(other).toHaveURL(/\/sign-in/)
    await firstStep(other, email)
    await other.getByLabel('Code').fill('000000')
    await other.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(other.getByLabel('Code')).toHaveAccessibleDescription(/wrong, or too old/)
    // The code that turned it on is used up; the next one is good already.
    await other.getByLabel('Code').fill(appCode(secret, Date.now() + 30_000))
    await other.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(other.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible()

    await visit(page, page2fa)
    await page.getByLabel('Your password').last().fill('not my password')
    await page.getByRole('button', { name: 'Turn off' }).click()
    await expect(page.getByLabel('Your password').last()).toHaveAccessibleDescription(/not your password/)
    await page.getByLabel('Your password').last().fill(password)
    await page.getByRole('button', { name: 'Turn off' }).click()
    await expect(page.getByText('The second factor is off.')).toBeVisible()
    await visit(other, '/settings')
    await expect(other).toHaveURL(/\/sign-in/)
  })

test('a wrong first code leaves picture and recovery codes on the page', async ({ open }) => {
  const { page } = await signedIn(open)
  const { secret } = await setUp(page)
  await page.getByLabel('Code', { exact: true }).fill('000000')
  await page.getByRole('button', { name: 'Turn on' }).click()
  await expect(page.getByLabel('Code', { exact: true })).toHaveAccessibleDescription(/wrong, or too old/)
  await expect(page.getByRole('img', { name: 'QR code' })).toBeVisible()
  await visit(page, page2fa)
  await expect(page.getByText('You have begun to set it up.')).toBeVisible()
  await page.getByLabel('Code', { exact: true }).fill(appCode(secret))
  await page.getByRole('button', { name: 'Turn on' }).click()
  await expect(page.getByText('The second factor is on.')).toBeVisible()
})

test('a recovery code signs in once, and new ones replace the old', async ({ open }) => {
  const { page, email } = await signedIn(open)
  const { codes } = await turnOn(page)
  const other = await open(null)
  const use = async (code: string) => {
    await firstStep(other, email)
    await other.getByRole('link', { name: 'Use a recovery code' }).click()
    await other.getByLabel('Recovery code').fill(code)
    await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  }
  await use(codes[0]!)
  await expect(other.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible()
  await other.context().clearCookies()
  await use(codes[0]!)
  await expect(other.getByLabel('Recovery code')).toHaveAccessibleDescription(/wrong, or too old/)

  await visit(page, page2fa)
  await expect(page.getByText('Left: 9.')).toBeVisible()
  await page.getByLabel('Your password').first().fill(password)
  await page.getByRole('button', { name: 'New recovery codes' }).click()
  await expect(page.getByText('These are your new recovery codes.')).toBeVisible()
  const fresh = ((await page.locator('main code').textContent()) ?? '').split('\n')
  expect(fresh).not.toContain(codes[1])
})

test('sign-in leads back to where somebody wanted to go, also over the second step', async ({ open }) => {
  const { page, email } = await signedIn(open)
  const { codes } = await turnOn(page)
  const other = await open(null)
  await visit(other, '/settings/members')
  await other.getByLabel('Email').fill(email)
  await other.getByLabel('Password', { exact: true }).fill(password)
  await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(other.getByLabel('Code')).toHaveAttribute('autocomplete', 'one-time-code')
  await other.getByRole('link', { name: 'Use a recovery code' }).click()
  await other.getByLabel('Recovery code').fill(codes[0]!)
  await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(other).toHaveURL(`${origin}/settings/members`)
})

test('axe finds nothing on the pages of the second factor, whatever theme and width', async ({ open }) => {
  const { page, email } = await signedIn(open, { reducedMotion: 'reduce' })
  await visit(page, page2fa)
  await expectAccessible(page)
  const { secret } = await setUp(page)
  await expectAccessible(page)
  await page.getByLabel('Code', { exact: true }).fill(appCode(secret))
  await page.getByRole('button', { name: 'Turn on' }).click()
  await expect(page.getByText('The second factor is on.')).toBeVisible()
  await visit(page, page2fa)
  await expectAccessible(page)
  const other = await open(null, { reducedMotion: 'reduce' })
  await firstStep(other, email)
  await expectAccessible(other)
})
