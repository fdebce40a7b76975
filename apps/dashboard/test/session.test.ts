import { addPerson, password, signInAtApi } from './harness/people.ts'
import {
  apiUrl,
  cookieFor,
  databaseSql,
  expect,
  origin,
  takenOver,
  test,
  uniqueName,
  visit,
} from './harness/test.ts'

const list = '/settings/api-keys'
const someKey = `${list}/key_01h455vb4pex5vsknk084sn02q`
const someMember = '/settings/members/member_01h455vb4pex5vsknk084sn02q'
const somePasskey = '/settings/security/passkeys/passkey_01h455vb4pex5vsknk084sn02q'
const behindSignIn = [
  '/',
  '/find-keys?q=a',
  '/first-request',
  '/settings',
  list,
  `${list}/new`,
  someKey,
  `${someKey}/delete`,
  `${someKey}/requests`,
  '/settings/members',
  '/settings/members/invite',
  someMember,
  `${someMember}/remove`,
  '/settings/security',
  '/settings/security/password',
  '/settings/security/second-factor',
  '/settings/security/passkeys',
  somePasskey,
  '/settings/security/confirm',
  '/settings/security/confirm/done',
]

test.describe('without a session', () => {
  for (const path of behindSignIn)
    test(`${path} leads to sign-in, and from there back`, async ({ open }) => {
      const page = await open(null)
      await page.goto(path)
      await expect(page).toHaveURL(/\/sign-in(\?|$)/)
      const target = new URL(page.url()).searchParams.get('redirectTo')
      expect(target).toBe(path === '/' ? null : path)
    })

  for (const path of [
    `${list}/new`,
    `${someKey}/delete`,
    `${someKey}?/disable`,
    `${someKey}?/enable`,
    '/settings/members?/revoke',
    '/settings/members/invite',
    someMember,
    `${someMember}/remove`,
    '/settings/security?/end',
    '/settings/security?/endOthers',
    '/settings/security/password',
    '/settings/security/second-factor?/begin',
    '/settings/security/second-factor?/remove',
    `${somePasskey}?/rename`,
    `${somePasskey}?/remove`,
    '/settings/security/confirm',
  ])
    test(`the form behind ${path} does nothing`, async ({ request }) => {
      const response = await request.post(`${origin}${path}`, {
        headers: { origin, accept: 'text/html' },
        form: { name: 'Nobody’s key' },
        maxRedirects: 0,
      })
      expect(response.status()).toBe(303)
      expect(response.headers()['location']).toMatch(/^\/sign-in\?redirectTo=/)
    })

  test('the data of a page is not given out either', async ({ request }) => {
    const response = await request.get(`${origin}${list}/__data.json`)
    expect(await response.json()).toMatchObject({
      type: 'redirect',
      location: expect.stringMatching(/^\/sign-in/),
    })
  })
})

for (const script of [true, false])
  test(`sign-in says what is wrong, keeps the email and leads on, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const page = await open(null, { javaScriptEnabled: script })
    await visit(page, `/sign-in?redirectTo=${encodeURIComponent(`${list}?status=expired`)}`)
    await page.getByLabel('Email').fill('ada@example.com')
    await page.getByLabel('Password', { exact: true }).fill('not the password')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(page.getByRole('alert')).toContainText('do not match')
    await expect(page.getByLabel('Email')).toHaveValue('ada@example.com')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(page).toHaveURL(`${origin}${list}?status=expired`)
    await expect(page.getByText('Legacy importer')).toBeVisible()

    await visit(page, '/sign-in')
    await expect(page).toHaveURL(`${origin}/`)
  })

test('password managers know the fields', async ({ open }) => {
  const page = await open(null)
  await visit(page, '/sign-in')
  await expect(page.getByLabel('Email')).toHaveAttribute('autocomplete', 'username webauthn')
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute(
    'autocomplete',
    'current-password',
  )
  await page.getByLabel('Password', { exact: true }).fill('shown')
  await page.getByRole('button', { name: 'Show password' }).click()
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('type', 'text')
})

test('what was typed before the script came stays', async ({ open }) => {
  const page = await open(null)
  await page.route('**/_app/**/*.js', async (route) => {
    await expect(page.getByLabel('Email')).toHaveValue('early@example.com')
    await route.continue()
  })
  await page.goto('/sign-in', { waitUntil: 'commit' })
  await page.getByLabel('Email').fill('early@example.com')
  await takenOver(page)
  await expect(page.getByLabel('Email')).toHaveValue('early@example.com')
})

for (const target of [
  'https://evil.example/',
  '//evil.example',
  '//evil.example/settings',
  '/\\evil.example',
  '/\t/evil.example',
  '/.//evil.example',
  'javascript:alert(1)',
  'evil.example',
])
  test(`sign-in does not lead to ${JSON.stringify(target)}`, async ({ request, cookies }) => {
    const response = await request.get(`${origin}/sign-in?redirectTo=${encodeURIComponent(target)}`, {
      headers: { cookie: cookies.ada },
      maxRedirects: 0,
    })
    expect(response.status()).toBe(303)
    const location = response.headers()['location'] ?? ''
    expect(new URL(location, origin).origin).toBe(origin)
    expect(location).toBe('/')
  })

test('the session cookie is bound to this host, Secure, HttpOnly and SameSite', async ({ open }) => {
  const page = await open(null)
  await visit(page, '/sign-in')
  await page.getByLabel('Email').fill('ada@example.com')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(`${origin}/`)
  const cookie = (await page.context().cookies()).find(({ name }) => name === '__Host-latchkey_session')
  expect(cookie).toMatchObject({
    domain: 'localhost',
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'Lax',
  })
  expect(await page.evaluate(() => document.cookie)).toBe('')
})

test.describe('sign-out', () => {
  for (const script of [true, false])
    test(`ends the session on the server and empties the browser, ${script ? 'with' : 'without'} script`, async ({
      open,
    }) => {
      const page = await open(null, { javaScriptEnabled: script })
      const cookie = await signInAtApi(apiUrl, 'ada@example.com')
      await page.context().addCookies([cookieFor(cookie)])
      await visit(page, list)
      const answered = page.waitForResponse((response) => response.url().endsWith('/sign-out'))
      await page.getByRole('button', { name: /^Account/ }).click()
      await page.getByRole('button', { name: 'Sign out', exact: true }).click()
      expect((await (await answered).allHeaders())['clear-site-data']).toBe('"cache", "cookies", "storage"')
      await expect(page.getByText('You have signed out.')).toBeVisible()
      expect(await page.context().cookies()).toEqual([])
      expect((await fetch(`${apiUrl}/v1/session`, { headers: { cookie } })).status).toBe(401)
      await page.goBack()
      await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible()
    })

  test('everywhere ends the other browsers’ sessions too', async ({ open }) => {
    const email = `${uniqueName('everywhere').replace(' ', '.')}@example.com`
    await addPerson(databaseSql(), { email, name: 'Eve Rywhere', role: 'developer' })
    const [here, there] = [await signInAtApi(apiUrl, email), await signInAtApi(apiUrl, email)]
    const page = await open(null)
    await page.context().addCookies([cookieFor(here)])
    await visit(page, list)
    await page.getByRole('button', { name: /^Account/ }).click()
    await page.getByRole('button', { name: 'Sign out everywhere' }).click()
    await expect(page.getByText('You have signed out.')).toBeVisible()
    for (const cookie of [here, there])
      expect((await fetch(`${apiUrl}/v1/session`, { headers: { cookie } })).status).toBe(401)
  })

  test('does not happen by a link', async ({ request, cookies }) => {
    const response = await request.get(`${origin}/sign-out`, { headers: { cookie: cookies.ada } })
    expect(response.status()).toBe(405)
    expect((await fetch(`${apiUrl}/v1/session`, { headers: { cookie: cookies.ada } })).status).toBe(200)
  })
})

test('a session that ended meanwhile leads to sign-in and back to the same page', async ({ open }) => {
  const page = await open(null)
  const cookie = await signInAtApi(apiUrl, 'ada@example.com')
  await page.context().addCookies([cookieFor(cookie)])
  await visit(page, '/settings')
  await fetch(`${apiUrl}/v1/session`, { method: 'DELETE', headers: { cookie } })
  await page.getByRole('main').getByRole('link', { name: 'API Keys' }).click()
  await expect(page).toHaveURL(`${origin}/sign-in?redirectTo=${encodeURIComponent(list)}`)
})

test.describe('a viewer', () => {
  test('sees the keys and no way to change them', async ({ open }) => {
    const page = await open('vic')
    await visit(page, `${list}?q=Zapier`)
    await expect(page.getByText('Your role is viewer')).toBeVisible()
    await expect(page.getByRole('link', { name: 'Zapier' })).toBeVisible()
    await expect(page.getByRole('button', { name: /Create|Delete/ })).toHaveCount(0)
    await page.getByRole('link', { name: 'Zapier' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Zapier' })).toBeVisible()
    await expect(page.getByRole('button', { name: /Disable|Delete/ })).toHaveCount(0)
  })

  test('is told so on the page that creates, and refused by its form', async ({ open, cookies }) => {
    const page = await open('vic')
    await visit(page, `${list}/new`)
    await expect(page.getByRole('heading', { name: 'You cannot create keys' })).toBeVisible()
    const response = await page.request.post(`${origin}${list}/new`, {
      headers: { origin, cookie: cookies.vic, accept: 'text/html' },
      form: { name: 'Not allowed', idempotencyKey: crypto.randomUUID() },
    })
    expect(response.status()).toBe(403)
    expect(await response.text()).toContain('You may not do this')
  })
})
