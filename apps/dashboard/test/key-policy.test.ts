import { addPerson, signInAtApi } from './harness/people.ts'
import {
  apiUrl,
  cookieFor,
  databaseSql,
  expect,
  openCreate,
  secretOn,
  test,
  uniqueName,
  visit,
} from './harness/test.ts'
import { newWorkspace } from './harness/workspace.ts'

const policy = '/settings/key-policy'

test.describe('the key policy', () => {
  /** Each test has a workspace of its own, whose policy bothers nobody else. */
  async function ownWorkspace(): Promise<string> {
    const email = `${uniqueName('pat').replace(' ', '-')}@example.com`
    await addPerson(databaseSql(), { email, name: 'Pat', role: 'owner', ownWorkspace: 'Policy Works' })
    return signInAtApi(apiUrl, email)
  }

  test('is set, holds for new keys, and is taken back', async ({ open }) => {
    const page = await open(null)
    await page.context().addCookies([cookieFor(await ownWorkspace())])
    await visit(page, '/settings')
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Key policy' }).click()
    const inForce = page.getByRole('region', { name: 'In force now' })
    await expect(inForce).toContainText('No end')
    await page.getByLabel('Default lifetime').fill('30')
    await page.getByLabel('Longest lifetime').fill('90')
    await page.getByLabel('Keys may never expire').uncheck()
    await page.getByRole('button', { name: 'Save policy' }).click()
    await expect(page.getByText('The policy is saved.')).toBeVisible()
    await expect(inForce).toContainText('30 days')
    await expect(inForce).toContainText('90 days')
    await expect(inForce).toContainText('No')
    await page.getByRole('button', { name: 'Take the policy back' }).click()
    await expect(inForce).toContainText('No end')
    await expect(page.getByRole('button', { name: 'Take the policy back' })).toHaveCount(0)
  })

  for (const javaScriptEnabled of [true, false])
    test(`tells what is wrong at its field and loses nothing, ${javaScriptEnabled ? 'with' : 'without'} script`, async ({
      open,
    }) => {
      const page = await open(null, { javaScriptEnabled })
      await page.context().addCookies([cookieFor(await ownWorkspace())])
      await visit(page, policy)
      const days = page.getByLabel('Default lifetime')
      await days.fill('a year')
      await page.getByLabel('Longest lifetime').fill('90')
      await page.getByRole('button', { name: 'Save policy' }).click()
      await expect(days).toHaveAccessibleDescription(/whole number of days/)
      await expect(days).toHaveValue('a year')
      await expect(page.getByLabel('Longest lifetime')).toHaveValue('90')
      await days.fill('91')
      await page.getByRole('button', { name: 'Save policy' }).click()
      await expect(days).toHaveAccessibleDescription(/at most maxDays/)
      await days.fill('')
      await page.getByRole('button', { name: 'Save policy' }).click()
      await expect(page.getByText('The policy is saved.')).toBeVisible()
    })

  test('bounds what developers hand out, and its forms say so beforehand', async ({ open }) => {
    const email = `${uniqueName('dev').replace(' ', '-')}@example.com`
    const owner = await newWorkspace()
    await addPerson(databaseSql(), { email, name: 'Dev', role: 'developer', workspaceOf: owner.email })
    const page = await open(null)
    await owner.signIn(page)
    await visit(page, policy)
    await page.getByLabel('Only what is ticked here').check()
    await page.getByRole('checkbox', { name: 'Read contacts' }).check()
    await page.getByLabel('Owners and admins alone').check()
    await page.getByRole('button', { name: 'Save policy' }).click()
    await expect(page.getByText('The policy is saved.')).toBeVisible()
    const inForce = page.getByRole('region', { name: 'In force now' })
    await expect(inForce).toContainText('contacts:read')
    await expect(inForce).toContainText('Owners and admins alone')

    await page.context().clearCookies()
    await page.context().addCookies([cookieFor(await signInAtApi(apiUrl, email))])
    await openCreate(page)
    await expect(page.getByRole('radio', { name: /^Live/ })).toBeDisabled()
    await expect(page.getByRole('radio', { name: /^Test/ })).toBeChecked()
    await expect(page.getByText('Owners and admins alone create live keys here.')).toBeVisible()
    await expect(page.getByRole('checkbox', { name: 'Read contacts' })).toBeVisible()
    await expect(page.getByRole('checkbox', { name: 'Read companies' })).toHaveCount(0)
    await page.getByLabel('Key Name').fill('Of a developer')
    await page.getByRole('button', { name: 'Generate' }).click()
    expect(await secretOn(page)).toMatch(/_test_/)
  })

  test('is read by everybody and set by owners and admins alone', async ({ open }) => {
    const page = await open('vic')
    await visit(page, policy)
    await expect(page.getByText('Owners and admins can change it.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Save policy' })).toHaveCount(0)
    const reply = await page.request.post(`${policy}?/save`, {
      form: { defaultDays: '1', maxDays: '1' },
      headers: { origin: new URL(page.url()).origin },
    })
    expect(reply.status()).toBe(403)
  })
})
