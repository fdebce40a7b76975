import { callKeys, makeKey, readKey } from './harness/key-calls.ts'
import { apiProxy, expect, origin, test, uniqueName, visit } from './harness/test.ts'

const list = '/settings/api-keys'
const ways = [true, false].map((script) => ({ script, how: script ? 'with script' : 'without script' }))

test.afterEach(() => apiProxy.heal())

for (const { script, how } of ways) {
  test(`everything about a key is changed in one form, ${how}`, async ({ open, cookies }) => {
    const { id } = await makeKey(cookies.ada, {
      name: uniqueName('Before'),
      scopes: ['contacts:read'],
      metadata: { team: 'sales' },
    })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}`)
    await page.getByRole('link', { name: 'Edit', exact: true }).click()
    const name = uniqueName('After')
    await page.getByLabel('Key Name').fill(name)
    await page.getByRole('checkbox', { name: 'contacts:write' }).check()
    await page.getByRole('checkbox', { name: 'contacts:read' }).uncheck()
    await page.getByLabel('Expires').fill('2031-02-03T04:05')
    await page.getByLabel('Begins').fill('2026-11-01T00:00')
    await page.getByLabel('Rotation reminder').fill('60')
    const limit = page.getByRole('group', { name: 'Rate limit 1' })
    await limit.getByLabel('Requests').fill('100')
    await limit.getByLabel('Unit of time').selectOption('Minutes')
    await page.getByLabel('Filled up').selectOption('each month')
    await page.getByLabel('Credits').fill('5000')
    await page.getByLabel('Day of the month').fill('15')
    await page.getByLabel('Allowed addresses').fill('203.0.113.0/24\n2001:db8::7')
    await page.getByLabel('Allowed web pages').fill('https://app.example.com')
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(page).toHaveURL(`${origin}${list}/${id}?notice=saved`)
    await expect(page.getByText('Your changes are saved.')).toBeVisible()
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
    expect(await readKey(cookies.ada, id)).toMatchObject({
      name,
      scopes: ['contacts:write'],
      expiresAt: '2031-02-03T04:05:00.000Z',
      notBefore: '2026-11-01T00:00:00.000Z',
      rotateEveryDays: 60,
      rateLimits: [{ name: 'per-minute', limit: 100, windowSeconds: 60 }],
      quota: { limit: 5_000, period: 'month', timeZone: 'UTC', anchorDay: 15, remaining: 5_000 },
      allowedIps: ['203.0.113.0/24', '2001:db8::7'],
      allowedOrigins: ['https://app.example.com'],
      metadata: { team: 'sales' },
    })

    await page.getByRole('link', { name: 'Edit', exact: true }).click()
    await expect(page.getByLabel('Expires')).toHaveValue('2031-02-03T04:05')
    await page.getByLabel('Expires').fill('')
    await page.getByRole('group', { name: 'Rate limit 1' }).getByLabel('Requests').fill('')
    await page.getByLabel('Filled up').selectOption('As much as it likes')
    await page.getByLabel('Allowed addresses').fill('')
    await page.getByLabel('Allowed web pages').fill('')
    await page.getByLabel('Refuse browsers').check()
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(page.getByText('Your changes are saved.')).toBeVisible()
    expect(await readKey(cookies.ada, id)).toMatchObject({
      name,
      expiresAt: null,
      rateLimits: [],
      quota: null,
      allowedIps: [],
      allowedOrigins: [],
      blockBrowsers: true,
      rotateEveryDays: 60,
    })
  })

  test(`a form that says nothing new changes nothing, ${how}`, async ({ open, cookies }) => {
    const { id } = await makeKey(cookies.ada, {
      name: uniqueName('Same'),
      expiresAt: '2031-02-03T04:05:06.789Z',
      rateLimits: [{ name: 'odd', limit: 3, windowSeconds: 90 }],
      quota: { limit: 10, period: 'day', timeZone: 'Asia/Tokyo' },
      allowedIps: ['203.0.113.0/24', '2001:db8::7'],
    })
    const before = await readKey(cookies.ada, id)
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}/edit`)
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(page.getByText('nothing was saved')).toBeVisible()
    expect(await readKey(cookies.ada, id)).toEqual(before)
  })

  test(`what somebody else changes meanwhile is shown, and nothing typed is lost, ${how}`, async ({
    open,
    cookies,
  }) => {
    const { id } = await makeKey(cookies.ada, { name: uniqueName('Shared'), scopes: ['contacts:read'] })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}/edit`)
    const [mine, theirs] = [uniqueName('Mine'), uniqueName('Theirs')]
    await page.getByLabel('Key Name').fill(mine)
    await page.getByLabel('Allowed addresses').fill('203.0.113.7')
    await callKeys(cookies.ada, 'PATCH', `/${id}`, { name: theirs, rotateEveryDays: 30 })

    await page.getByRole('button', { name: 'Save changes' }).click()
    const alert = page.getByRole('main').getByRole('status')
    await expect(alert.getByText('Somebody changed this key while you were editing it.')).toBeVisible()
    await expect(alert.getByText('Taken over from their change: Rotation reminder.')).toBeVisible()
    await expect(page.getByText(`Meanwhile it is: ${theirs}`)).toBeVisible()
    await expect(page.getByLabel('Key Name')).toHaveValue(mine)
    await expect(page.getByLabel('Allowed addresses')).toHaveValue('203.0.113.7')
    await expect(page.getByLabel('Rotation reminder')).toHaveValue('30')
    expect(await readKey(cookies.ada, id)).toMatchObject({ name: theirs, allowedIps: [] })

    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(page.getByText('Your changes are saved.')).toBeVisible()
    expect(await readKey(cookies.ada, id)).toMatchObject({
      name: mine,
      allowedIps: ['203.0.113.7'],
      rotateEveryDays: 30,
    })
  })

  test(`what is wrong is told at its field, ${how}`, async ({ open, cookies }) => {
    const { id } = await makeKey(cookies.ada, { name: uniqueName('Wrong') })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}/edit`)
    const save = () => page.getByRole('button', { name: 'Save changes' }).click()
    const told = (label: string, text: string) =>
      expect(page.getByLabel(label)).toHaveAccessibleDescription(new RegExp(text))

    await page.getByLabel('Key Name').fill('')
    await save()
    await told('Key Name', 'Enter a name')
    await page.getByLabel('Key Name').fill('Fine')
    await page.getByLabel('Allowed addresses').fill('203.0.113.7\nnonsense')
    await page.getByLabel('Rotation reminder').fill('soon')
    await save()
    await told('Rotation reminder', 'whole number')
    await page.getByLabel('Rotation reminder').fill('')
    await save()
    await told('Allowed addresses', 'nonsense')
    await expect(page.getByLabel('Allowed addresses')).toHaveAttribute('aria-invalid', 'true')
    await expect(page.getByLabel('Allowed addresses')).toHaveValue('203.0.113.7\nnonsense')
    if (script) await expect(page.getByLabel('Allowed addresses')).toBeFocused()
    await page.getByLabel('Allowed addresses').fill('203.0.113.7')
    await page.getByLabel('Expires').fill('2020-01-01T00:00')
    await save()
    await told('Expires', 'must be in the future|Must be in the future')
  })

  test(`what was typed survives an API that does not answer, ${how}`, async ({ open, cookies }) => {
    const { id } = await makeKey(cookies.ada, { name: uniqueName('Survivor') })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}/edit`)
    const name = uniqueName('Survived')
    await page.getByLabel('Key Name').fill(name)
    await apiProxy.fail({ on: 'PATCH', kind: 'refused' })
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(page.getByRole('alert')).toContainText('The API does not answer')
    await expect(page.getByLabel('Key Name')).toHaveValue(name)
    await apiProxy.heal()
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(page.getByText('Your changes are saved.')).toBeVisible()
  })
}

test('dates are those of the reader’s clock', async ({ open, cookies }) => {
  const { id } = await makeKey(cookies.ada, {
    name: uniqueName('Zoned'),
    expiresAt: '2031-07-01T10:00:00Z',
  })
  const page = await open('ada', { timezoneId: 'Europe/Berlin' })
  await visit(page, `${list}/${id}`)
  await page.waitForFunction(() => document.cookie.includes('latchkey_time_zone'))
  await visit(page, `${list}/${id}/edit`)
  await expect(page.getByLabel('Expires')).toHaveValue('2031-07-01T12:00')
  await page.getByLabel('Expires').fill('2031-12-01T12:00')
  await expect(page.getByText('On the clock of Europe/Berlin. 1 Dec 2031, 11:00 UTC.')).toBeVisible()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Your changes are saved.')).toBeVisible()
  expect(await readKey(cookies.ada, id)).toMatchObject({ expiresAt: '2031-12-01T11:00:00.000Z' })
})

test('what keys of the workspace must keep to is said and enforced', async ({ open, cookies }) => {
  const { id } = await makeKey(cookies.nia, { name: uniqueName('Bound') })
  const expiry = { defaultDays: 30, maxDays: 60, allowNever: false }
  await callKeys(cookies.nia, 'PUT', '/policy', { expiry })
  const page = await open('nia')
  await visit(page, `${list}/${id}/edit`)
  await expect(page.getByText('at most 60 days from now')).toBeVisible()
  await page.getByLabel('Expires').fill('2035-01-01T00:00')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByLabel('Expires')).toHaveAccessibleDescription(/^Must be at most 60 days/)
  await callKeys(cookies.nia, 'PUT', '/policy', { expiry: null })
  await callKeys(cookies.nia, 'DELETE', `/${id}`)
})
