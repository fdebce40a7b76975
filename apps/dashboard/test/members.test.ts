import type { Page } from '@playwright/test'
import { addPerson, signInAtApi, type Role } from './harness/people.ts'
import {
  apiProxy,
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
import { expectAccessible } from './harness/accessible.ts'

const members = '/settings/members'
const uniqueEmail = (what: string) => `${uniqueName(what).replace(' ', '.')}@example.com`

type Open = (person: null) => Promise<Page>

/** Somebody whose role these tests may change: in a workspace of their own, or in that of `host`. */
async function somebody(role: Role, host?: string): Promise<{ email: string; cookie: string }> {
  const email = uniqueEmail(role)
  const sql = databaseSql()
  await addPerson(sql, { email, name: `Sam ${role}`, role, ownWorkspace: `Home of ${email}` })
  if (host)
    await sql`
      update account.members set workspace_id = (
        select workspace_id from account.members join account.users on users.id = members.user_id
        where users.email = ${host})
      where user_id = (select id from account.users where email = ${email})`
  return { email, cookie: await signInAtApi(apiUrl, email) }
}

async function pageFor(open: Open, { cookie }: { cookie: string }): Promise<Page> {
  const page = await open(null)
  await page.context().addCookies([cookieFor(cookie)])
  return page
}

async function invite(page: Page, email: string, role: string): Promise<string> {
  await visit(page, members)
  await page.getByRole('link', { name: 'Invite someone' }).click()
  await page.getByLabel('Email').fill(email)
  await page.getByRole('radio', { name: role }).check()
  await page.getByRole('button', { name: 'Create link' }).click()
  await expect(page.getByRole('heading', { name: 'Copy the link now' })).toBeVisible()
  return (await page.getByLabel('Invitation link').textContent()) ?? ''
}

for (const script of [true, false])
  test(`an invitation by link makes an account in the workspace, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const email = uniqueEmail('grace')
    const owner = await somebody('owner')
    const page = await pageFor((person) => open(person, { javaScriptEnabled: script }), owner)
    const link = await invite(page, email, 'Developer')
    const [, token = ''] = link.split('#')
    expect(link).toBe(`${origin}/invitation#${token}`)
    await page.getByRole('link', { name: 'Done' }).click()
    await expect(page.getByRole('row', { name: email })).toContainText('Developer')
    expect(await front.find(token)).toMatchObject([{ method: 'POST', path: '/settings/members/invite' }])

    const guest = await open(null, { javaScriptEnabled: script })
    await visit(guest, link)
    if (!script) {
      await guest.getByLabel('Invitation code').fill(token)
      await guest.getByRole('button', { name: 'Continue' }).click()
    }
    await expect(guest.getByRole('heading', { name: `Join Home of ${owner.email}` })).toBeVisible()
    await expect(guest).not.toHaveURL(new RegExp(token))
    await expect(guest.getByLabel('Email')).toHaveValue(email)
    await guest.getByLabel('Your name').fill('Grace Hopper')
    await guest.getByLabel('Password', { exact: true }).fill('passwordpassword')
    await guest.getByRole('button', { name: 'Create account and join' }).click()
    await expect(guest.getByLabel('Password', { exact: true })).toHaveAccessibleDescription(/easy to guess/)
    await guest.getByLabel('Password', { exact: true }).fill('four purple paper boats')
    await guest.getByRole('button', { name: 'Create account and join' }).click()
    await expect(guest.getByRole('heading', { name: 'No API keys yet' })).toBeVisible()

    await visit(page, members)
    await expect(page.getByRole('row', { name: 'Grace Hopper' })).toContainText('Developer')
    await expect(page.getByText('Nobody is invited right now.')).toBeVisible()
    await visit(guest, link)
    if (!script) {
      await guest.getByLabel('Invitation code').fill(token)
      await guest.getByRole('button', { name: 'Continue' }).click()
    }
    await expect(guest.getByLabel('Invitation code')).toHaveAccessibleDescription(/works no more/)
  })

test('a revoked invitation opens nothing', async ({ open }) => {
  const email = uniqueEmail('late')
  const page = await pageFor(open, await somebody('owner'))
  const link = await invite(page, email, 'Viewer')
  await page.getByRole('link', { name: 'Done' }).click()
  await page.getByRole('button', { name: `Revoke the invitation of ${email}` }).click()
  await expect(page.getByText('Its link works no more.')).toBeVisible()
  const guest = await open(null)
  await visit(guest, link)
  await expect(guest.getByLabel('Invitation code')).toHaveAccessibleDescription(/works no more/)
})

test('somebody with an account signs in, joins, and goes back and forth between the workspaces', async ({
  open,
}) => {
  const [owner, guest] = [await somebody('owner'), await somebody('owner')]
  const link = await invite(await pageFor(open, owner), guest.email, 'Viewer')
  const page = await open(null)
  await visit(page, link)
  await page.getByRole('link', { name: 'Sign in', exact: true }).click()
  await page.getByLabel('Email').fill(guest.email)
  await page.getByLabel('Password', { exact: true }).fill('seven tidy otters')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Join workspace' }).click()
  await expect(page.getByText('Your role is viewer')).toBeVisible()
  await page.getByRole('button', { name: /^Account/ }).click()
  await page.getByRole('button', { name: `Go to Home of ${guest.email}` }).click()
  await expect(page.getByRole('banner')).toContainText(`Home of ${guest.email}`)
  await visit(page, '/settings/api-keys')
  await expect(page.getByRole('button', { name: 'Create API Key' }).first()).toBeVisible()
})

test('an invitation for somebody else is not accepted in their name', async ({ open }) => {
  const [owner, other] = [await somebody('owner'), await somebody('viewer')]
  const link = await invite(await pageFor(open, owner), uniqueEmail('meant'), 'Admin')
  const page = await pageFor(open, other)
  await visit(page, link)
  await expect(page.getByText(`you are signed in as ${other.email}`)).toBeVisible()
  await expect(page.getByRole('button', { name: /Join/ })).toHaveCount(0)
})

test('a member gets another role and is removed', async ({ open }) => {
  const owner = await somebody('owner')
  const member = await somebody('developer', owner.email)
  const page = await pageFor(open, owner)
  await visit(page, members)
  await page.getByRole('link', { name: 'Manage Sam developer' }).click()
  await page.getByRole('radio', { name: 'Viewer' }).check()
  await page.getByRole('button', { name: 'Save role' }).click()
  await expect(page.getByText('The role was changed.')).toBeVisible()
  await expect(page.getByRole('row', { name: member.email })).toContainText('Viewer')
  await page.getByRole('link', { name: 'Manage Sam developer' }).click()
  await page.getByRole('link', { name: 'Remove from workspace' }).click()
  await page.getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByText('The person was removed from the workspace.')).toBeVisible()
  await expect(page.getByRole('row', { name: member.email })).toHaveCount(0)
})

test('the last owner stays one', async ({ open }) => {
  const page = await pageFor(open, await somebody('owner'))
  await visit(page, members)
  await page.getByRole('link', { name: 'Manage Sam owner' }).click()
  await page.getByRole('radio', { name: 'Admin' }).check()
  await page.getByRole('button', { name: 'Save role' }).click()
  await expect(page.getByRole('alert')).toContainText('A workspace needs an owner')
  await page.getByRole('link', { name: 'Leave workspace' }).click()
  await page.getByRole('button', { name: 'Leave' }).click()
  await expect(page.getByRole('alert')).toContainText('A workspace needs an owner')
})

test('a viewer sees who is there, changes nothing, and may leave', async ({ open }) => {
  const owner = await somebody('owner')
  const viewer = await somebody('viewer', owner.email)
  const page = await pageFor(open, viewer)
  await visit(page, members)
  await expect(page.getByText('Only owners and admins invite')).toBeVisible()
  await expect(page.getByRole('link', { name: /Invite|Manage Sam owner/ })).toHaveCount(0)
  await visit(page, `${members}/invite`)
  await expect(page.getByRole('heading', { name: 'You may not do this' })).toBeVisible()
  const response = await page.request.post(`${origin}${members}/invite`, {
    headers: { origin, cookie: viewer.cookie, accept: 'text/html' },
    form: { email: uniqueEmail('forged'), role: 'owner' },
  })
  expect(response.status()).toBe(403)
  await visit(page, members)
  await page.getByRole('link', { name: 'Manage Sam viewer' }).click()
  await page.getByRole('link', { name: 'Leave workspace' }).click()
  await page.getByRole('button', { name: 'Leave' }).click()
  await expect(page.getByText('You have left the workspace.')).toBeVisible()
})

test('an admin is offered no way to make or change owners', async ({ open }) => {
  const owner = await somebody('owner')
  const page = await pageFor(open, await somebody('admin', owner.email))
  await visit(page, `${members}/invite`)
  await expect(page.getByRole('radio')).toHaveCount(3)
  await visit(page, members)
  await page.getByRole('link', { name: 'Manage Sam owner' }).click()
  await expect(page.getByText('Only an owner may change or remove an owner.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Save role' })).toHaveCount(0)
})

test('when the API is down, an invitation says so and keeps what was typed', async ({ open }) => {
  const page = await pageFor(open, await somebody('owner'))
  await visit(page, `${members}/invite`)
  await page.getByLabel('Email').fill('kept@example.com')
  await apiProxy.fail({ on: 'POST /v1/invitations', kind: 'refused' })
  await page.getByRole('button', { name: 'Create link' }).click()
  await expect(page.getByRole('alert')).toContainText('The API does not answer')
  await expect(page.getByLabel('Email')).toHaveValue('kept@example.com')
  await apiProxy.heal()
})

const quiet = { reducedMotion: 'reduce' } as const

test('axe finds nothing on the pages of members, whatever theme and width', async ({ open }) => {
  const owner = await somebody('owner')
  await somebody('developer', owner.email)
  const page = await pageFor((person) => open(person, quiet), owner)
  await invite(page, uniqueEmail('axe'), 'Viewer')
  await visit(page, members)
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Manage Sam developer' }).click()
  await expect(page.getByRole('button', { name: 'Save role' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Remove from workspace' }).click()
  await expect(page.getByRole('button', { name: 'Remove' })).toBeVisible()
  await expectAccessible(page)
})

test('axe finds nothing on the pages of invitations, whatever theme and width', async ({ open }) => {
  const page = await pageFor((person) => open(person, quiet), await somebody('owner'))
  await visit(page, `${members}/invite`)
  await expectAccessible(page)
  const link = await invite(page, uniqueEmail('axe'), 'Viewer')
  await expectAccessible(page)
  const guest = await open(null, quiet)
  await visit(guest, link)
  await expect(guest.getByLabel('Your name')).toBeVisible()
  await expectAccessible(guest)
})
