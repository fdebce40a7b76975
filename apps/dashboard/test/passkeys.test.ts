import { randomBytes } from 'node:crypto'
import { type BrowserContextOptions, type Page } from '@playwright/test'
import { expectAccessible } from './harness/accessible.ts'
import { addAuthenticator } from './harness/authenticator.ts'
import { addPerson, letTimePass, password, signInAtApi } from './harness/people.ts'
import { apiUrl, cookieFor, databaseSql, expect, test, uniqueName, visit } from './harness/test.ts'

const passkeys = '/settings/security/passkeys'

type Open = (person: null, options?: BrowserContextOptions) => Promise<Page>

async function signedIn(open: Open, options?: BrowserContextOptions): Promise<{ page: Page; email: string }> {
  const email = `${uniqueName('key').replace(' ', '.')}@example.com`
  await addPerson(databaseSql(), { email, name: 'Pia Passkey', role: 'owner', ownWorkspace: 'Passkeys' })
  const page = await open(null, options)
  await page.context().addCookies([cookieFor(await signInAtApi(apiUrl, email))])
  return { page, email }
}

test('a passkey is added, signs in, is renamed and removed', async ({ open }) => {
  const { page, email } = await signedIn(open)
  const device = await addAuthenticator(page)
  const signInByPasskey = (outcome: () => Promise<void>) =>
    device.touchedDuring(async () => {
      await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
      await outcome()
    })

  await visit(page, '/settings/security')
  await page.getByRole('link', { name: 'Add one' }).click()
  await page.getByLabel('Name').fill('Pia’s laptop')
  await device.touchedDuring(async () => {
    await page.getByRole('button', { name: 'Add passkey' }).click()
    await expect(page.getByText('The passkey was added.')).toBeVisible()
  })
  const row = page.getByRole('listitem').filter({ hasText: 'Pia’s laptop' })
  await expect(row).toContainText('Never used')

  await page.context().clearCookies()
  await visit(page, `/sign-in?redirectTo=${encodeURIComponent(passkeys)}`)
  await signInByPasskey(() => expect(row).toContainText('Last used'))
  await device.touchedDuring(async () => {
    await page.getByRole('button', { name: 'Add passkey' }).click()
    await expect(page.getByRole('alert')).toHaveText(/a passkey of yours on this device already/)
  })

  await row.getByRole('link', { name: 'Change Pia’s laptop' }).click()
  await expect(page.getByRole('heading', { name: 'Pia’s laptop' })).toBeVisible()
  await page.getByLabel('Name').fill('Old laptop')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('The passkey has its new name.')).toBeVisible()

  await page.getByRole('link', { name: 'Change Old laptop' }).click()
  await letTimePass(databaseSql(), email)
  await page.getByRole('button', { name: 'Remove passkey' }).click()
  await expect(page.getByRole('heading', { name: 'Confirm that it is you' })).toBeVisible()
  await device.touchedDuring(async () => {
    await page.getByRole('button', { name: 'Confirm with a passkey' }).click()
    await expect(page.getByRole('heading', { name: 'Old laptop' })).toBeVisible()
  })
  await page.getByRole('button', { name: 'Remove passkey' }).click()
  await expect(page.getByText('The passkey was removed.')).toBeVisible()
  await expect(page.getByText('Old laptop')).toHaveCount(0)

  await page.context().clearCookies()
  await visit(page, '/sign-in')
  await signInByPasskey(() => expect(page.getByRole('alert')).toHaveText(/This passkey was not accepted/))
  await visit(page, passkeys)
  await expect(page).toHaveURL(/\/sign-in/)
})

test('a device that does not know its person signs nobody in, and nothing is added long after sign-in', async ({
  open,
}) => {
  const { page, email } = await signedIn(open)
  const device = await addAuthenticator(page)
  await letTimePass(databaseSql(), email)
  await visit(page, passkeys)
  await expect(page.getByLabel('Name')).toHaveValue(/Chrome/)
  await page.getByRole('button', { name: 'Add passkey' }).click()
  await page.getByLabel('Your password').fill('not my password')
  await page.getByRole('button', { name: 'Confirm', exact: true }).click()
  await expect(page.getByLabel('Your password')).toHaveAccessibleDescription(/not your password/)
  await page.getByLabel('Your password').fill(password)
  await page.getByRole('button', { name: 'Confirm', exact: true }).click()
  await device.touchedDuring(async () => {
    await page.getByRole('button', { name: 'Add passkey' }).click()
    await expect(page.getByText('The passkey was added.')).toBeVisible()
  })
  await page.context().clearCookies()
  await visit(page, '/sign-in')
  await device.knowsItsPerson(false)
  await device.touchedDuring(async () => {
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await expect(page.getByRole('alert')).toHaveText(/No passkey came/)
  })
})

test('a passkey chosen among the suggestions of the e-mail field signs in', async ({ open }) => {
  const { page } = await signedIn(open)
  const device = await addAuthenticator(page)
  await visit(page, passkeys)
  await device.touchedDuring(async () => {
    await page.getByRole('button', { name: 'Add passkey' }).click()
    await expect(page.getByText('The passkey was added.')).toBeVisible()
  })
  await page.context().clearCookies()
  await device.touchedDuring(async () => {
    await page.goto('/sign-in')
    await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible()
  })
})

test('without script, passkeys are explained, and renamed and removed all the same', async ({ open }) => {
  const { page, email } = await signedIn(open, { javaScriptEnabled: false })
  const id = `passkey_${randomBytes(13).toString('hex')}`
  await databaseSql()`
    insert into account.passkeys (id, user_id, name, credential_id, public_key, counter, device_type, backed_up)
    select ${id}, id, 'Phone', ${id}, 'x', 0, 'multiDevice', true from account.users where email = ${email}`
  await visit(page, passkeys)
  await expect(page.getByText('scripts are off here')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Add passkey' })).toBeHidden()
  await expect(page.getByRole('listitem').filter({ hasText: 'Phone' })).toContainText('Synced')
  await page.getByRole('link', { name: 'Change Phone' }).click()
  await page.getByLabel('Name').fill('Telephone')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('link', { name: 'Change Telephone' }).click()
  await letTimePass(databaseSql(), email)
  await page.getByRole('button', { name: 'Remove passkey' }).click()
  await page.getByLabel('Your password').fill(password)
  await page.getByRole('button', { name: 'Confirm', exact: true }).click()
  await page.getByRole('button', { name: 'Remove passkey' }).click()
  await expect(page.getByText('The passkey was removed.')).toBeVisible()
  await page.context().clearCookies()
  await visit(page, '/sign-in')
  await expect(page.getByRole('button', { name: 'Sign in with a passkey' })).toBeHidden()
})

test('axe finds nothing on the pages about passkeys, whatever theme and width', async ({ open }) => {
  // Four pages, each in every theme and width.
  test.setTimeout(180_000)
  const { page } = await signedIn(open, { reducedMotion: 'reduce' })
  const device = await addAuthenticator(page)
  await visit(page, passkeys)
  await device.touchedDuring(async () => {
    await page.getByRole('button', { name: 'Add passkey' }).click()
    await expect(page.getByText('The passkey was added.')).toBeVisible()
  })
  await expectAccessible(page)
  await page
    .getByRole('listitem')
    .getByRole('link', { name: /^Change / })
    .click()
  await expect(page.getByRole('button', { name: 'Remove passkey' })).toBeVisible()
  await expectAccessible(page)
  await visit(page, '/settings/security/confirm')
  await page.getByLabel('Your password').fill('not my password')
  await page.getByRole('button', { name: 'Confirm', exact: true }).click()
  await expect(page.getByLabel('Your password')).toHaveAccessibleDescription(/not your password/)
  await expectAccessible(page)
  await page.context().clearCookies()
  await visit(page, '/sign-in')
  await device.knowsItsPerson(false)
  await device.touchedDuring(async () => {
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await expect(page.getByRole('alert')).toBeVisible()
  })
  await expectAccessible(page)
})
