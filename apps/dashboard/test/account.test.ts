import { type BrowserContextOptions, type Page } from '@playwright/test'
import { expectAccessible } from './harness/accessible.ts'
import { addPerson, password, signInAtApi } from './harness/people.ts'
import { apiUrl, cookieFor, databaseSql, expect, test, uniqueName, visit } from './harness/test.ts'

const security = '/settings/security'
const phone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

/** Somebody of whom no other test knows, with a page where they are signed in. */
async function signedIn(
  open: (person: null, options?: BrowserContextOptions) => Promise<Page>,
  options?: BrowserContextOptions,
): Promise<{ page: Page; email: string; cookie: string }> {
  const email = `${uniqueName('sec').replace(' ', '.')}@example.com`
  await addPerson(databaseSql(), { email, name: 'Sue Secure', role: 'owner', ownWorkspace: 'Secure' })
  const cookie = await signInAtApi(apiUrl, email)
  const page = await open(null, options)
  await page.context().addCookies([cookieFor(cookie)])
  return { page, email, cookie }
}

const status = async (cookie: string) => (await fetch(`${apiUrl}/v1/session`, { headers: { cookie } })).status

async function signInFrom(email: string, userAgent: string): Promise<string> {
  const response = await fetch(`${apiUrl}/v1/session`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': userAgent,
      'x-forwarded-for': '203.0.113.9',
    },
    body: JSON.stringify({ email, password }),
  })
  return response.headers.getSetCookie()[0]!.split(';', 1)[0]!
}

for (const script of [true, false])
  test(`a session elsewhere is told by device and address, and ended, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const { page, email, cookie } = await signedIn(open, { javaScriptEnabled: script })
    const there = await signInFrom(email, phone)
    await visit(page, security)
    const row = page.getByRole('listitem').filter({ hasText: 'Safari on iPhone' })
    await expect(row).toContainText('From 203.0.113.9')
    await expect(page.getByText('This device')).toHaveCount(1)
    await page.getByRole('button', { name: 'Sign out Safari on iPhone at 203.0.113.9' }).click()
    await expect(page.getByText('Signed out there.')).toBeVisible()
    await expect(row).toHaveCount(0)
    await expect(page.getByText('You are signed in nowhere else.')).toBeVisible()
    expect([await status(there), await status(cookie)]).toEqual([401, 200])
  })

test('signing out everywhere else ends all other sessions and keeps this one', async ({ open }) => {
  const { page, email, cookie } = await signedIn(open)
  const others = [await signInFrom(email, phone), await signInFrom(email, 'curl/8')]
  await visit(page, security)
  await expect(page.getByTitle('curl/8')).toHaveText('Unknown device')
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
  await expect(page.getByText('Signed out everywhere else.')).toBeVisible()
  expect(await Promise.all([...others, cookie].map(status))).toEqual([401, 401, 200])
})

for (const script of [true, false])
  test(`the password is changed, and other sessions end, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const { page, email, cookie } = await signedIn(open, { javaScriptEnabled: script })
    const there = await signInFrom(email, phone)
    await visit(page, security)
    await page.getByRole('link', { name: 'Change password' }).click()
    const [current, next] = [page.getByLabel('Current password'), page.getByLabel('New password')]
    await expect(current).toHaveAttribute('autocomplete', 'current-password')
    await expect(next).toHaveAttribute('autocomplete', 'new-password')
    await current.fill('not my password')
    await next.fill('four purple paper boats')
    await page.getByRole('button', { name: 'Change password' }).click()
    await expect(current).toHaveAccessibleDescription(/not your current password/)
    await current.fill(password)
    await next.fill('passwordpassword')
    await page.getByRole('button', { name: 'Change password' }).click()
    await expect(next).toHaveAccessibleDescription(/too easy to guess/)
    await current.fill(password)
    await next.fill('four purple paper boats')
    await page.getByRole('button', { name: 'Change password' }).click()
    await expect(page.getByText('Your password was changed.')).toBeVisible()
    expect([await status(there), await status(cookie)]).toEqual([401, 401])
  })

test('axe finds nothing on the pages about security, whatever theme and width', async ({ open }) => {
  const { page, email } = await signedIn(open, { reducedMotion: 'reduce' })
  await signInFrom(email, phone)
  await visit(page, security)
  await expectAccessible(page)
  await visit(page, `${security}/password`)
  await page.getByLabel('Current password').fill('not my password')
  await page.getByLabel('New password').fill('four purple paper boats')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByLabel('Current password')).toHaveAccessibleDescription(/not your current/)
  await expectAccessible(page)
})
