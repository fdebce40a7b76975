import { age, callWith } from './harness/keys.ts'
import { callKeys, makeKey, readKey } from './harness/key-calls.ts'
import {
  apiUrl,
  clipboardText,
  databaseSql,
  expect,
  origin,
  test,
  uniqueName,
  visit,
} from './harness/test.ts'

const list = '/settings/api-keys'
const dayMs = 24 * 3600_000
const ways = [true, false].map((script) => ({ script, how: script ? 'with script' : 'without script' }))

for (const { script, how } of ways)
  test(`the page of a key tells all of it, ${how}`, async ({ open, cookies }) => {
    const name = uniqueName('Rich')
    const { id } = await makeKey(cookies.ada, {
      name,
      environment: 'test',
      scopes: ['contacts:read', 'contacts:write'],
      quota: { limit: 1_000, period: 'month', timeZone: 'UTC', anchorDay: 1 },
      allowedIps: ['203.0.113.0/24', '2001:db8::7'],
      allowedOrigins: ['https://app.example.com'],
      rotateEveryDays: 90,
      notBefore: '2030-01-01T00:00:00Z',
    })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}`)
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
    const main = page.getByRole('main')
    for (const text of ['Pending', 'Test', 'Secret', id])
      await expect(main.getByText(text, { exact: true }).first()).toBeVisible()
    await expect(page.getByRole('listitem').filter({ hasText: 'Read contacts' })).toContainText(
      'contacts:read',
    )
    await expect(page.getByRole('meter')).toHaveAttribute('aria-valuenow', '1000')
    await expect(page.getByRole('meter', { name: '1,000 of 1,000 left, each month' })).toBeVisible()
    await expect(main.getByText(/^Full again 1 /)).toBeVisible()
    for (const text of ['203.0.113.0/24', '2001:db8::7', 'https://app.example.com'])
      await expect(page.getByRole('listitem').filter({ hasText: text })).toBeVisible()
    await expect(main.getByText('Every 90 days, next')).toBeVisible()
    await expect(main.getByText('1 Jan 2030, 00:00 UTC')).toBeVisible()
    await expect(main.getByText('Version 1, since it was created')).toBeVisible()

    const tabs = page.getByRole('navigation', { name: 'This key' })
    await expect(tabs.getByRole('link', { name: 'Overview' })).toHaveAttribute('aria-current', 'page')
    for (const [tab, path] of [
      ['Usage', '/usage'],
      ['Activity', '/activity'],
      ['Overview', ''],
    ] as const) {
      await tabs.getByRole('link', { name: tab }).click()
      await expect(page).toHaveURL(`${origin}${list}/${id}${path}`)
      await expect(tabs.getByRole('link', { name: tab })).toHaveAttribute('aria-current', 'page')
      await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
    }
  })

test('the id of a key is copied', async ({ open, cookies }) => {
  const { id } = await makeKey(cookies.ada, { name: uniqueName('Copied') })
  const page = await open('ada')
  await page.context().grantPermissions(['clipboard-write'])
  await visit(page, `${list}/${id}`)
  await page.getByRole('button', { name: 'Copy key id' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'Copied' })).toBeVisible()
  expect(await clipboardText(page)).toBe(id)
})

test('a reminder that is due, and an end that is near, lead to what mends them', async ({
  open,
  cookies,
}) => {
  const name = uniqueName('Ending')
  const { id } = await makeKey(cookies.ada, { name, rotateEveryDays: 30 })
  const sql = databaseSql()
  await age(sql, name, { createdMs: 80 * dayMs, expiresMs: 3 * dayMs })
  await sql.end()
  const page = await open('ada')
  await visit(page, `${list}/${id}`)
  await expect(page.getByText('This key expires')).toBeVisible()
  await expect(page.getByText('This key was due for a new secret')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Rotate it' })).toHaveAttribute('href', `${list}/${id}/rotate`)
  await page.getByRole('link', { name: 'Change its end' }).click()
  await expect(page).toHaveURL(`${origin}${list}/${id}/edit#expiresAt`)
  await expect(page.getByLabel('Expires')).toBeInViewport()
})

for (const { script, how } of ways)
  test(`a deleted key tells who deleted it and why, and comes back, ${how}`, async ({ open, cookies }) => {
    const { id, secret } = await makeKey(cookies.ada, {
      name: uniqueName('Restored'),
      scopes: ['contacts:read'],
    })
    await callKeys(cookies.ada, 'POST', `/${id}/revoke`, { reason: 'superseded', note: 'See INC-7' })
    expect(await callWith(apiUrl, secret)).toBe(401)
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}`)
    const panel = page.locator('section', { hasText: 'This key is deleted' })
    for (const text of ['Ada Lovelace', 'Another key took its place', 'See INC-7', 'It can be brought back'])
      await expect(panel.getByText(text)).toBeVisible()
    await expect(page.getByRole('link', { name: 'Edit', exact: true })).toHaveCount(0)
    await panel.getByRole('button', { name: 'Restore' }).click()
    await expect(page.getByText('The key is restored')).toBeVisible()
    await expect(page.getByText('Active', { exact: true })).toBeVisible()
    expect(await callWith(apiUrl, secret)).toBe(200)
  })

test('a key whose secret leaked does not come back', async ({ open, cookies }) => {
  const { id } = await makeKey(cookies.ada, { name: uniqueName('Leaked') })
  await callKeys(cookies.ada, 'POST', `/${id}/revoke`, { reason: 'keyCompromise' })
  const page = await open('ada')
  await visit(page, `${list}/${id}`)
  await expect(page.getByText('It cannot be brought back')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Restore' })).toHaveCount(0)
})

for (const { script, how } of ways)
  test(`a key deleted in one tab cannot be changed in another, which says so, ${how}`, async ({
    open,
    cookies,
  }) => {
    const { id } = await makeKey(cookies.ada, { name: uniqueName('Two tabs') })
    const [page, form, rotation] = await Promise.all(
      [1, 2, 3].map(() => open('ada', { javaScriptEnabled: script })),
    )
    await visit(page!, `${list}/${id}`)
    await visit(form!, `${list}/${id}/edit`)
    await visit(rotation!, `${list}/${id}/rotate`)
    await callKeys(cookies.ada, 'DELETE', `/${id}`)

    await page!.getByRole('button', { name: 'Disable' }).click()
    await form!.getByLabel('Key Name').fill('Too late')
    await form!.getByRole('button', { name: 'Save changes' }).click()
    await rotation!.getByRole('button', { name: 'Rotate' }).click()
    for (const tab of [page!, form!, rotation!]) {
      await expect(tab.getByText('has been deleted meanwhile')).toBeVisible()
      await expect(tab.getByRole('heading', { name: 'This key is deleted' })).toBeVisible()
    }
  })

test('a viewer sees a key and can change nothing, whatever is sent', async ({ open, cookies }) => {
  const name = uniqueName('Looked at')
  const { id } = await makeKey(cookies.ada, { name })
  const page = await open('vic')
  await visit(page, `${list}/${id}`)
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  await expect(page.getByText('Your role is viewer')).toBeVisible()
  await expect(page.getByRole('group', { name: 'Actions' })).toHaveCount(0)
  for (const path of ['edit', 'rotate']) {
    expect((await page.goto(`${list}/${id}/${path}`))?.status()).toBe(403)
    await expect(page.getByText('Your role in this workspace does not allow it')).toBeVisible()
  }
  const before = await readKey(cookies.ada, id)
  const tag = '"AAAAAAAAAAAAAAAAAAAAAA"'
  const forms = {
    '?/disable': {},
    '?/restore': {},
    '?/retire': { grace: '0' },
    '/edit': { name: 'Mine now', etag: tag, base: '{}', timeZone: 'UTC' },
    '/rotate': { grace: '0', etag: tag, idempotencyKey: crypto.randomUUID() },
  }
  for (const [path, form] of Object.entries(forms)) {
    const response = await fetch(`${origin}${list}/${id}${path}`, {
      method: 'POST',
      headers: { cookie: cookies.vic, origin },
      body: new URLSearchParams(form),
    })
    expect(response.status, path).toBe(403)
  }
  expect(await readKey(cookies.ada, id)).toEqual(before)
})
