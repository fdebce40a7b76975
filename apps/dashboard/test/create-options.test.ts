import type { Page } from '@playwright/test'
import { apiProxy, expect, openCreate, revealed, secretOn, test, uniqueName, visit } from './harness/test.ts'

const newPage = '/settings/api-keys/new'
const summary = (page: Page) => page.getByRole('region', { name: 'This key' })
const openOptions = (page: Page) => page.getByText('Limits and restrictions').click()
const generate = (page: Page) => page.getByRole('button', { name: 'Generate' }).click()

test('every option is what the key becomes, and the summary tells it before', async ({ open, keysFor }) => {
  const page = await open('ada')
  const name = uniqueName('All options')
  await openCreate(page)
  await page.getByLabel('Key Name').fill(name)
  await page.getByLabel('Expires').selectOption('custom')
  await page.getByLabel('Date and time').fill('2031-05-06T07:08')
  await openOptions(page)
  await page.getByRole('button', { name: '10 in 1 second' }).click()
  await page.getByRole('button', { name: 'Add a limit' }).click()
  await page.getByLabel('Requests', { exact: true }).nth(1).fill('5000')
  await page.getByLabel('Within').nth(1).selectOption('1 hour')
  await page.getByLabel('Credits').fill('10000')
  await page.getByLabel('Filled up').selectOption('requests each month')
  await page.getByLabel('Allowed addresses').fill(' 192.0.2.0/24\n\n2001:db8::7 ')
  await page.getByLabel('Refuse browsers').check()
  await page.getByLabel('Remind to rotate').selectOption('Every 90 days')
  await page.getByLabel('Not before').fill('2030-01-02T03:04')
  await expect(summary(page).getByRole('listitem')).toHaveText([
    'Can read contacts and companies',
    'At most 10 requests in 1 second',
    'At most 5,000 requests in 1 hour',
    'At most 10,000 requests each month',
    'Only from 2 addresses or ranges',
    'Not in browsers',
    'Works from 2 Jan 2030, 03:04 UTC until 6 May 2031, 07:08 UTC',
  ])
  await generate(page)
  await secretOn(page)
  expect(await keysFor('ada').find(name)).toMatchObject({
    kind: 'secret',
    scopes: ['contacts:read', 'companies:read'],
    expiresAt: '2031-05-06T07:08:00.000Z',
    notBefore: '2030-01-02T03:04:00.000Z',
    rateLimits: [
      { name: 'second', limit: 10, windowSeconds: 1 },
      { name: 'hour', limit: 5_000, windowSeconds: 3_600 },
    ],
    quota: { limit: 10_000, period: 'month', timeZone: 'UTC' },
    allowedIps: ['192.0.2.0/24', '2001:db8::7'],
    blockBrowsers: true,
    rotateEveryDays: 90,
  })
})

test('the summary follows what is chosen, and warns of what is dangerous', async ({ open }) => {
  const page = await open('ada')
  await openCreate(page)
  const lines = summary(page).getByRole('listitem')
  await expect(lines).toHaveText([
    'Can read contacts and companies',
    /^\s*Works until \d+ \w+ \d{4}, \d\d:\d\d UTC$/,
  ])
  await page.getByRole('button', { name: 'Read and write' }).click()
  await page.getByRole('checkbox', { name: 'keys:write' }).check()
  await page.getByLabel('Expires').selectOption('Never')
  await expect(lines).toHaveText([
    'Can read contacts and companies',
    'Can change contacts',
    'Can see or change the keys of this workspace',
    'Works until somebody deletes it',
  ])
  await page.getByRole('button', { name: 'Custom' }).click()
  await expect(lines.first()).toHaveText('Can do nothing: choose at least one scope')
})

test('presets tick what they say, and never what manages keys', async ({ open }) => {
  const page = await open('ada')
  await openCreate(page)
  const ticked = () =>
    page
      .getByRole('checkbox', { checked: true })
      .evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).value))
  const pressed = (name: string) =>
    expect(page.getByRole('button', { name })).toHaveAttribute('aria-pressed', 'true')
  await pressed('Read only')
  expect(await ticked()).toEqual(['contacts:read', 'companies:read'])
  await page.getByRole('button', { name: 'Read and write' }).click()
  await pressed('Read and write')
  expect(await ticked()).toEqual(['contacts:read', 'contacts:write', 'companies:read'])
  await page.getByRole('checkbox', { name: 'contacts:read' }).uncheck()
  await pressed('Custom')
  const managing = page.getByRole('group', { name: 'With these, the key can' }).getByRole('checkbox')
  expect(await managing.count()).toBeGreaterThanOrEqual(2)
})

test('a set stands for its scopes', async ({ open, keysFor }) => {
  const page = await open('ada')
  const name = uniqueName('Set')
  await openCreate(page)
  await page.getByLabel('Key Name').fill(name)
  await page.getByRole('button', { name: 'Custom' }).click()
  await page.getByRole('checkbox', { name: '@read-only' }).check()
  const contacts = page.getByRole('checkbox', { name: 'contacts:read' })
  await expect(contacts).toBeChecked()
  await expect(contacts).toBeDisabled()
  await expect(summary(page)).toContainText('Can read contacts and companies')
  await generate(page)
  await secretOn(page)
  expect(await keysFor('ada').find(name)).toMatchObject({ scopes: ['@read-only'] })
})

test('many scopes can be searched, and what is hidden stays chosen', async ({ open }) => {
  const page = await open('ada')
  const scopes = ['orders', 'invoices', 'users', 'teams', 'files'].flatMap((resource) => [
    { name: `${resource}:read`, description: `Read ${resource}`, managesKeys: false, public: false },
    { name: `${resource}:write`, description: `Change ${resource}`, managesKeys: false, public: false },
  ])
  await offerScopes(page, scopes)
  await page.getByLabel('Search scopes').fill('INVO')
  await expect(page.getByRole('checkbox')).toHaveCount(2)
  await expect(page.getByRole('status').filter({ hasText: '2 scopes match' })).toBeAttached()
  await page.getByLabel('Search scopes').press('Enter')
  await expect(page.getByRole('checkbox')).toHaveCount(2)
  await expect(summary(page)).toContainText('Can read 5 resources')
  await page.getByLabel('Search scopes').fill('nothing')
  await expect(page.getByText('No scope matches.')).toBeVisible()
})

test('a publishable key asks for its pages and offers only what is public', async ({ open }) => {
  const page = await open('ada')
  await offerScopes(page, [
    { name: 'companies:read', description: 'Read companies', managesKeys: false, public: true },
    { name: 'contacts:read', description: 'Read contacts', managesKeys: false, public: false },
    { name: 'keys:read', description: 'See API keys', managesKeys: true, public: false },
  ])
  await page.getByLabel('Key Name').fill(uniqueName('Shop'))
  await page.getByRole('radio', { name: 'Publishable key' }).check()
  await expect(page.getByRole('checkbox')).toHaveCount(1)
  await expect(page.getByRole('radio', { name: /^Live/ })).toHaveAccessibleName(/lk_pk_live_…/)
  await expect(summary(page)).toContainText('Can be read by everybody')
  await generate(page)
  const origins = page.getByLabel('Allowed origins')
  await expect(origins).toBeFocused()
  await expect(origins).toHaveAccessibleDescription(/Enter at least one origin/)
  await origins.fill('https://shop.example.com')
  // This API has no public scope, whatever the form was told, and has the last word.
  await generate(page)
  await expect(page.getByText('Must all be public, for the key is publishable')).toBeVisible()
  await expect(page.getByRole('checkbox', { name: 'companies:read' })).toBeFocused()
  await expect(origins).toHaveValue('https://shop.example.com')
})

test('the choice of a kind is offered only where some scope is public', async ({ open }) => {
  const page = await open('ada')
  await openCreate(page)
  await expect(page.getByRole('radio', { name: /^Live/ })).toBeVisible()
  await expect(page.getByRole('radio', { name: 'Publishable key' })).toHaveCount(0)
})

test('what the policy of the workspace forbids is not to be chosen, and says why', async ({
  open,
  keysFor,
}) => {
  const { setPolicy } = keysFor('nia')
  await setPolicy({ defaultDays: 14, maxDays: 60, allowNever: false })
  try {
    const page = await open('nia')
    await visit(page, newPage)
    const expires = page.getByLabel('Expires')
    await expect(expires).toHaveValue('14')
    await expect(expires).toHaveAccessibleDescription(/Keys of this workspace live for at most 60 days/)
    await expect(expires.locator('option:disabled')).toHaveText([
      /^90 days .*: not allowed here$/,
      /^365 days .*: not allowed here$/,
      'Never: not allowed here',
    ])
    await page.getByLabel('Key Name').fill('Too long')
    await expires.selectOption('custom')
    const date = page.getByLabel('Date and time')
    await date.evaluate((field) => field.removeAttribute('max'))
    await date.fill('2040-01-01T00:00')
    await generate(page)
    await expect(date).toBeFocused()
    await expect(date).toHaveAccessibleDescription(/Must be at most 60 days from now/)
    await expect(page.getByLabel('Key Name')).toHaveValue('Too long')
    expect(await keysFor('nia').count()).toBe(0)
  } finally {
    await setPolicy(null)
  }
})

for (const script of [true, false])
  test(`what is wrong in a list is told with its line, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, newPage)
    await page.getByLabel('Key Name').fill(uniqueName('Lines'))
    await openOptions(page)
    const addresses = page.getByLabel('Allowed addresses')
    await addresses.fill('192.0.2.1\n10.0.0.300\n2001:db8::/129')
    await page.getByLabel('Allowed origins').fill('https://app.example.com/path')
    await page.getByLabel('Requests', { exact: true }).fill('7')
    await generate(page)
    await expect(addresses).toHaveAccessibleDescription(
      /Line 2: “10\.0\.0\.300” is no IP address or range\.\s+Line 3: “2001:db8::\/129”/,
    )
    await expect(page.getByLabel('Allowed origins')).toHaveAccessibleDescription(/Line 1: /)
    if (script) await expect(addresses).toBeFocused()
    await expect(page.getByLabel('Requests', { exact: true })).toHaveValue('7')
    await expect(summary(page)).toContainText('At most 7 requests in 1 minute')

    await page.getByLabel('Allowed origins').fill('')
    await addresses.fill('192.0.2.1\n10.0.0.5/24')
    await generate(page)
    await expect(addresses).toHaveAccessibleDescription(/Line 2: Must be ranges .* 10\.0\.0\.0\/24/)
    await expect(revealed(page)).toHaveCount(0)
    await addresses.fill('192.0.2.1\n10.0.0.0/24')
    await generate(page)
    await secretOn(page)
  })

test('two limits over the same time, and a date in the past, are refused at their fields', async ({
  open,
}) => {
  const page = await open('ada')
  await openCreate(page)
  await page.getByLabel('Key Name').fill(uniqueName('Wrong'))
  await page.getByLabel('Expires').selectOption('custom')
  await page.getByLabel('Date and time').fill('2020-01-01T00:00')
  await openOptions(page)
  await page.getByRole('button', { name: '100 in 1 minute' }).click()
  await page.getByRole('button', { name: 'Add a limit' }).click()
  await page.getByLabel('Requests', { exact: true }).nth(1).fill('5')
  await generate(page)
  await expect(page.getByLabel('Date and time')).toBeFocused()
  await expect(page.getByLabel('Date and time')).toHaveAccessibleDescription(/in the future/)
  await expect(page.getByText('Two limits are over the same time')).toBeVisible()
  await page.getByRole('button', { name: 'Remove this limit' }).first().click()
  await page.getByLabel('Date and time').fill('2031-01-01T00:00')
  await generate(page)
  await secretOn(page)
})

test('a viewer’s form is refused by the server, whatever it holds', async ({ open, keysFor }) => {
  const page = await open('vic')
  const name = uniqueName('Viewer')
  await visit(page, newPage)
  const answer = await page.evaluate(
    async ([path, keyName]) => {
      const body = new FormData()
      for (const [field, value] of Object.entries({
        name: keyName,
        expiresIn: '90',
        startsAt: new Date().toISOString(),
        idempotencyKey: crypto.randomUUID(),
      }))
        body.set(field, value)
      return (await fetch(path, { method: 'POST', body })).status
    },
    [newPage, name] as const,
  )
  expect(answer).toBe(403)
  expect(await keysFor('ada').count(`&q=${encodeURIComponent(name)}`)).toBe(0)
})

/** The form as it is where the API has these scopes. */
async function offerScopes(page: Page, data: object[]): Promise<void> {
  await apiProxy.fail({
    on: 'GET /v1/api-keys/scopes',
    kind: { body: { data, sets: [], keyPrefix: 'lk', publishableKeyPrefix: 'lk_pk' } },
    times: 1,
  })
  await visit(page, newPage)
}
