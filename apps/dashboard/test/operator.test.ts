import { createHash } from 'node:crypto'
import type { Page } from '@playwright/test'
import { expectAccessible } from './harness/accessible.ts'
import { keysOf } from './harness/keys.ts'
import { addPerson, signInAtApi } from './harness/people.ts'
import {
  apiProxy,
  apiUrl,
  cookieFor,
  databaseSql,
  expect,
  front,
  test,
  uniqueName,
  visit,
} from './harness/test.ts'

const reason = 'The bill has not been paid.'

/** Somebody in a workspace of their own. */
async function somebody(what: string) {
  const workspace = uniqueName(what)
  const email = `${workspace.replaceAll(' ', '.')}@example.com`
  await addPerson(databaseSql(), { email, name: `Sam ${what}`, role: 'owner', ownWorkspace: workspace })
  return { workspace, email, cookie: await signInAtApi(apiUrl, email) }
}

async function setOperator(email: string, hasSecondFactor: boolean): Promise<void> {
  await databaseSql()`
    update account.users set role = 'operator', two_factor_enabled = ${hasSecondFactor} where email = ${email}`
}

async function anOperator() {
  const operator = await somebody('operator')
  await setOperator(operator.email, true)
  return operator
}

type Options = { javaScriptEnabled?: boolean; reducedMotion?: 'reduce' }
type Open = (person: null, options?: Options) => Promise<Page>

async function pageFor(open: Open, { cookie }: { cookie: string }, options?: Options): Promise<Page> {
  const page = await open(null, options)
  await page.context().addCookies([cookieFor(cookie)])
  return page
}

for (const script of [true, false])
  test(`a workspace is found, suspended with a reason and lifted, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const [operator, customer] = [await anOperator(), await somebody('customer')]
    const { secret } = await keysOf(apiUrl, customer.cookie).create({
      name: 'Integration',
      scopes: ['contacts:read'],
    })
    const status = async () =>
      (await fetch(`${apiUrl}/v1/contacts`, { headers: { authorization: `Bearer ${secret}` } })).status
    const page = await pageFor(open, operator, { javaScriptEnabled: script })
    const theirs = await pageFor(open, customer, { javaScriptEnabled: script })
    const before = await status()

    await visit(page, '/')
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Operator' }).click()
    await page.getByRole('main').getByRole('link', { name: 'Workspaces' }).click()
    await page.getByLabel(/^Name, ID or/).fill(customer.email)
    await page.getByRole('button', { name: 'Search' }).click()
    await expect(page.getByRole('row')).toHaveCount(2)
    await expect(page.getByRole('row', { name: customer.workspace })).toContainText('Active')
    await page.getByRole('link', { name: customer.workspace }).click()

    await page.getByLabel('Reason').fill(reason)
    await page.getByLabel(/^To confirm/).fill('something else')
    await page.getByRole('button', { name: 'Suspend workspace' }).click()
    await expect(page.getByLabel(/^To confirm/)).toHaveAccessibleDescription(/not the name/)
    await expect(page.getByLabel('Reason')).toHaveValue(reason)
    await page.getByLabel(/^To confirm/).fill(customer.workspace)
    await page.getByRole('button', { name: 'Suspend workspace' }).click()
    await expect(
      page.getByText('The workspace is suspended. Its keys are refused on 1 of 1 node.'),
    ).toBeVisible()
    expect(await status()).toBe(403)

    await visit(theirs, '/settings/api-keys')
    await expect(theirs.getByRole('region', { name: 'Suspension' })).toContainText(reason)
    await expect(theirs.getByText('Integration')).toBeVisible()
    await visit(theirs, '/settings/audit-log')
    await expect(theirs.getByText('Sam operator suspended the workspace')).toBeVisible()
    await expect(theirs.getByText('Sam operator, an operator of this platform, looked').first()).toBeVisible()

    await page.getByRole('button', { name: 'Lift suspension' }).click()
    await expect(page.getByText('The suspension is lifted.')).toBeVisible()
    expect(await status()).toBe(before)
    await visit(theirs, '/settings/api-keys')
    await expect(theirs.getByRole('region', { name: 'Suspension' })).toHaveCount(0)
  })

test('a key is found by its start and by a pasted secret, which never leaves the browser', async ({
  open,
}) => {
  const [operator, customer] = [await anOperator(), await somebody('customer')]
  const { secret } = await keysOf(apiUrl, customer.cookie).create({
    name: 'Leaked key',
    scopes: ['contacts:read'],
  })
  const page = await pageFor(open, operator)
  const sent: string[] = []
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`))
  const found = page.getByRole('listitem').filter({ hasText: 'Leaked key' })

  await visit(page, '/operator/find-key')
  // A whole key in the wrong field is cut to its start as it is typed.
  await page.getByLabel('Key ID or start of the key').fill(secret)
  await expect(page.getByLabel('Key ID or start of the key')).toHaveValue(secret.slice(0, 12))
  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await expect(found).toContainText(customer.workspace)

  await page.getByLabel('Key ID or start of the key').fill('lk_live_none')
  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await expect(page.getByRole('heading', { name: '0 keys found' })).toBeVisible()

  await page.getByLabel('Whole key').fill(secret)
  await page.getByRole('button', { name: 'Hash and find' }).click()
  await expect(found).toContainText(customer.workspace)
  await expect(page.getByLabel('Whole key')).toHaveValue('')
  const hash = createHash('sha256').update(secret).digest('hex')
  expect(sent.filter((request) => request.includes(hash))).toHaveLength(1)
  expect(sent.filter((request) => request.includes(secret))).toEqual([])
  expect(await front.find(secret)).toEqual([])

  const plain = await pageFor(open, operator, { javaScriptEnabled: false })
  await visit(plain, '/operator/find-key')
  await expect(plain.getByLabel('Whole key')).toHaveCount(0)
  await plain.getByLabel('Key ID or start of the key').fill(secret.slice(0, 12))
  await plain.getByRole('button', { name: 'Find' }).click()
  await expect(plain.getByText('1 key found')).toBeVisible()
})

test('the area is for operators with a second factor alone', async ({ open }) => {
  const person = await somebody('person')
  const page = await pageFor(open, person)
  const pages = ['/operator', '/operator/workspaces', '/operator/find-key', '/operator/health']
  await visit(page, '/')
  await expect(page.getByRole('link', { name: 'Operator' })).toHaveCount(0)
  for (const path of pages) {
    await visit(page, path)
    await expect(page.getByRole('heading', { name: 'You may not do this' })).toBeVisible()
  }
  await setOperator(person.email, false)
  await visit(page, '/operator/workspaces')
  await expect(page.getByRole('heading', { name: 'Set up a second factor first' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Set up second factor' }).click()
  await expect(page).toHaveURL(/settings\/security\/second-factor$/)
})

test('when the API does not answer, the pages say so and keep what was typed', async ({ open }) => {
  const page = await pageFor(open, await anOperator())
  await visit(page, '/operator/find-key')
  await page.getByLabel('Key ID or start of the key').fill('lk_live_a1B2')
  await apiProxy.fail({ on: 'POST /v1/operator', kind: 'refused' })
  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await expect(page.getByLabel('Key ID or start of the key')).toHaveAccessibleDescription(
    /Try again in a moment/,
  )
  await expect(page.getByLabel('Key ID or start of the key')).toHaveValue('lk_live_a1B2')
  await apiProxy.fail({ on: 'GET /v1/operator', kind: 'refused' })
  await visit(page, '/operator/health')
  await expect(page.getByRole('heading', { name: 'The API does not answer' })).toBeVisible()
  await apiProxy.heal()
})

const quiet = { reducedMotion: 'reduce' } as const

test('axe finds nothing on the operator area and its workspaces, whatever theme and width', async ({
  open,
}) => {
  const page = await pageFor(open, await anOperator(), quiet)
  await visit(page, '/operator')
  await expectAccessible(page)
  await visit(page, '/operator/workspaces')
  await expectAccessible(page)
  await visit(page, '/operator/workspaces?q=nobody&suspended=yes')
  await expect(page.getByText('No workspace matches')).toBeVisible()
  await expectAccessible(page)
})

test('axe finds nothing on the page of a workspace, whatever theme and width', async ({ open }) => {
  const [operator, customer] = [await anOperator(), await somebody('customer')]
  const page = await pageFor(open, operator, quiet)
  await visit(page, `/operator/workspaces?q=${customer.email}`)
  await page.getByRole('link', { name: customer.workspace }).click()
  await page.getByLabel('Reason').fill(reason)
  await page.getByLabel(/^To confirm/).fill('another')
  await page.getByRole('button', { name: 'Suspend workspace' }).click()
  await expect(page.getByText('This is not the name of the workspace.')).toBeVisible()
  await expectAccessible(page)
  await page.getByLabel(/^To confirm/).fill(customer.workspace)
  await page.getByRole('button', { name: 'Suspend workspace' }).click()
  await expect(page.getByRole('button', { name: 'Lift suspension' })).toBeVisible()
  await expectAccessible(page)
  const theirs = await pageFor(open, customer, quiet)
  await visit(theirs, '/settings')
  await expect(theirs.getByRole('region', { name: 'Suspension' })).toBeVisible()
  await expectAccessible(theirs)
})

test('axe finds nothing on the search for a key and on health, whatever theme and width', async ({
  open,
}) => {
  const [operator, customer] = [await anOperator(), await somebody('customer')]
  const { secret } = await keysOf(apiUrl, customer.cookie).create({ name: 'A key' })
  const page = await pageFor(open, operator, quiet)
  await visit(page, '/operator/find-key')
  await page.getByLabel('Whole key').fill(secret)
  await page.getByRole('button', { name: 'Hash and find' }).click()
  await expect(page.getByText('1 key found')).toBeVisible()
  await expectAccessible(page)
  await visit(page, '/operator/health')
  await expect(page.getByText('answers this page')).toBeVisible()
  await expectAccessible(page)
})
