import { age } from './harness/keys.ts'
import { clipboardText, databaseSql, expect, origin, test, uniqueName, visit } from './harness/test.ts'
import { newWorkspace } from './harness/workspace.ts'

const list = '/settings/api-keys'
const whole = /Rejected on 1 of 1 node after \d+ ms\. Calls with it now get 401\./

test('the menu of a row works by keyboard alone', async ({ open }) => {
  const { keys, signIn } = await newWorkspace()
  const name = uniqueName('Menu')
  const { id } = await keys.create({ name })
  const page = await open(null)
  await page.context().grantPermissions(['clipboard-write'])
  await signIn(page)
  await visit(page, list)
  const button = page.getByRole('button', { name: `More for key ${name}` })
  const item = (label: string) => page.getByRole('menuitem', { name: label })
  await button.press('Enter')
  await expect(item('View')).toBeFocused()
  await expect(button).toHaveAttribute('aria-expanded', 'true')
  await page.keyboard.press('ArrowDown')
  await expect(item('Copy ID')).toBeFocused()
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  await expect(item('Delete')).toBeFocused()
  await page.keyboard.press('r')
  await expect(item('Rename')).toBeFocused()
  await page.keyboard.press('r')
  await expect(item('Rotate')).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(item('View')).toHaveCount(0)
  await expect(button).toBeFocused()

  await button.press('Enter')
  await expect(item('View')).toBeFocused()
  await page.keyboard.press('c')
  await page.keyboard.press('Enter')
  await expect(page.getByText('The ID is copied.')).toBeVisible()
  expect(await clipboardText(page)).toBe(id)
  await button.click()
  await expect(item('Edit')).toHaveAttribute('href', `${list}/${id}/edit`)
  await expect(item('Rotate')).toHaveAttribute('href', `${list}/${id}/rotate`)
  await item('View').click()
  await expect(page).toHaveURL(`${origin}${list}/${id}`)
})

test('what cannot be done says why', async ({ open }) => {
  const page = await open('vic')
  await visit(page, `${list}?q=Zapier`)
  await page.getByRole('button', { name: 'More for key Zapier' }).click()
  const remove = page.getByRole('menuitem', { name: 'Delete' })
  await expect(remove).toHaveAttribute('aria-disabled', 'true')
  await expect(remove).toContainText('Your role is viewer.')
  await remove.click({ force: true })
  await expect(page.getByRole('alertdialog')).toHaveCount(0)
  await expect(page.getByRole('checkbox')).toHaveCount(0)

  const owner = await open('ada')
  await visit(owner, `${list}?q=Legacy`)
  await owner.getByRole('button', { name: 'More for key Legacy importer' }).click()
  await expect(owner.getByRole('menuitem', { name: 'Rotate' })).toContainText('The key has expired.')
})

test('the server refuses a viewer what the page hides', async ({ open, keysFor, cookies }) => {
  const name = uniqueName('Guarded')
  const { id } = await keysFor('ada').create({ name })
  const page = await open('vic')
  const headers = { origin, cookie: cookies.vic, accept: 'text/html' }
  const post = (path: string, form: Record<string, string>) =>
    page.request.post(`${origin}${path}`, { form, headers, maxRedirects: 0 })
  for (const [path, form] of [
    [`${list}?/change`, { action: 'disable', id }],
    [`${list}?/rename`, { id, name: 'Mine', before: name }],
    [`${list}/delete`, { id }],
    [`${list}/${id}/delete`, { id }],
  ] as const)
    expect([path, (await post(path, form)).status()]).toEqual([path, 403])
  expect((await page.request.get(`${origin}${list}/delete?id=${id}`, { headers })).status()).toBe(403)
  const [row] =
    await databaseSql()`select disabled_at, revoked_at from latchkey.keys where name like 'Guarded%'`
  expect(row).toEqual({ disabled_at: null, revoked_at: null })
})

test.describe('renaming in its row', () => {
  test('gives the key another name, and the focus back', async ({ open }) => {
    const { keys, read, signIn } = await newWorkspace()
    const { id } = await keys.create({ name: 'Before' })
    const page = await open(null)
    await signIn(page)
    await visit(page, list)
    const button = () => page.locator(`#${id}`).getByRole('button', { name: /^More for key/ })
    await button().click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await expect(page.getByRole('textbox', { name: 'New name of Before' })).toBeFocused()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('textbox')).toHaveCount(0)
    await expect(button()).toBeFocused()
    await button().press('Enter')
    await page.keyboard.press('r')
    await page.keyboard.press('Enter')
    await page.keyboard.insertText('After')
    await page.keyboard.press('Enter')
    await expect(page.getByText('The key is now called “After”.')).toBeVisible()
    await expect(page.getByRole('link', { name: 'After' })).toBeVisible()
    await expect(button()).toBeFocused()
    expect((await read(id)).name).toBe('After')
  })

  test('takes no other tab’s change back unasked', async ({ open }) => {
    const { keys, read, change, signIn } = await newWorkspace()
    const { id } = await keys.create({ name: 'First' })
    const page = await open(null)
    await signIn(page)
    await visit(page, list)
    await page.getByRole('button', { name: 'More for key First' }).click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await change(id, { name: 'Theirs' })
    await page.getByRole('textbox', { name: 'New name of First' }).fill('Mine')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('Somebody renamed the key meanwhile.')).toBeVisible()
    expect((await read(id)).name).toBe('Theirs')
    await page.getByRole('textbox', { name: 'New name of Theirs' }).fill('Mine')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByRole('link', { name: 'Mine' })).toBeVisible()
    expect((await read(id)).name).toBe('Mine')
  })

  test('says that the key was deleted meanwhile', async ({ open }) => {
    const { keys, signIn } = await newWorkspace()
    const { id } = await keys.create({ name: 'Gone' })
    await keys.create({ name: 'Stays' })
    const page = await open(null)
    await signIn(page)
    await visit(page, list)
    await page.getByRole('button', { name: 'More for key Gone' }).click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await keys.delete(id)
    await page.getByRole('textbox', { name: 'New name of Gone' }).fill('Late')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('“Gone” had been deleted already.')).toBeVisible()
    await expect(page.locator(`#${id}`)).toHaveCount(0)
  })
})

test('a key is disabled and enabled from its row, and a key that is gone by then is told', async ({
  open,
}) => {
  const { keys, read, signIn } = await newWorkspace()
  const { id } = await keys.create({ name: 'Switch' })
  await keys.create({ name: 'Stays' })
  const page = await open(null)
  await signIn(page)
  await visit(page, list)
  const choose = async (label: string) => {
    await page.getByRole('button', { name: 'More for key Switch' }).click()
    await page.getByRole('menuitem', { name: label }).click()
  }
  const messages = page.getByRole('status', { name: 'Messages' })
  await choose('Disable')
  await expect(messages.getByText('“Switch” is disabled.')).toBeVisible()
  await expect(messages.getByText(whole)).toBeVisible()
  await expect(page.locator(`#${id}`).getByText('Disabled')).toBeVisible()
  expect((await read(id)).status).toBe('disabled')
  await choose('Enable')
  await expect(messages.getByText('“Switch” is enabled.')).toBeVisible()
  await expect(page.locator(`#${id}`).getByText('Active')).toBeVisible()
  await keys.delete(id)
  await choose('Disable')
  await expect(messages.getByText('Switch: It had been deleted already.')).toBeVisible()
  await expect(page.locator(`#${id}`)).toHaveCount(0)
})

for (const script of [true, false]) {
  const how = script ? 'with script' : 'without script'

  test(`a key in use is deleted by its name, with a reason, and restored, ${how}`, async ({ open }) => {
    const { keys, read, signIn } = await newWorkspace()
    const name = uniqueName('In use (a+b)')
    const { id } = await keys.create({ name })
    await keys.create({ name: 'Stays' })
    const sql = databaseSql()
    await age(sql, name, { usedMs: 5 * 60_000, usedFrom: '203.0.113.7', requests: 12 })
    await sql.end()
    const page = await open(null, { javaScriptEnabled: script })
    await signIn(page)
    await visit(page, list)
    await page.getByRole('button', { name: `Delete key ${name}` }).click()
    const remove = page.getByRole('button', { name: 'Delete', exact: true })
    await remove.click()
    expect((await read(id)).status).toBe('active')
    await page.getByLabel(/It is in use/).fill(name)
    await page.getByText('Reason (optional)').click()
    await page.getByLabel('Why it is deleted').selectOption('Another key took its place')
    await page.getByLabel('Note for the audit trail').fill('  Replaced by Stays ')
    await remove.click()
    await expect(page.getByText(`“${name}” is deleted.`)).toBeVisible()
    await expect(page.locator(`#${id}`)).toHaveCount(0)
    expect(await read(id)).toMatchObject({
      status: 'revoked',
      revocation: { reason: 'superseded', note: 'Replaced by Stays' },
    })
    await page.getByRole('button', { name: 'Restore' }).click()
    await expect(page.locator(`#${id}`)).toBeVisible()
    expect((await read(id)).status).toBe('active')
  })

  test(`a key is disabled in place of being deleted, ${how}`, async ({ open }) => {
    const { keys, read, signIn } = await newWorkspace()
    const { id } = await keys.create({ name: 'Paused' })
    const page = await open(null, { javaScriptEnabled: script })
    await signIn(page)
    await visit(page, list)
    await page.getByRole('button', { name: 'Delete key Paused' }).click()
    await page.getByRole('button', { name: 'Disable instead' }).click()
    await expect(page.locator(`#${id}`).getByText('Disabled')).toBeVisible()
    await expect(page.getByText(script ? '“Paused” is disabled.' : '1 key is disabled.')).toBeVisible()
    expect((await read(id)).status).toBe('disabled')
  })
}

test('a key whose secret leaked is not offered to be restored', async ({ open }) => {
  const { keys, signIn } = await newWorkspace()
  const { id } = await keys.create({ name: 'Leaked' })
  await keys.create({ name: 'Stays' })
  const page = await open(null)
  await signIn(page)
  await visit(page, list)
  await page.getByRole('button', { name: 'Delete key Leaked' }).click()
  await page.getByText('Reason (optional)').click()
  await page.getByLabel('Why it is deleted').selectOption('The secret leaked, or may have')
  await expect(page.getByText('Such a key can never be restored.')).toBeVisible()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByText('“Leaked” is deleted.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Restore' })).toHaveCount(0)
  await visit(page, `${list}?status=revoked`)
  await page.locator(`#${id}`).getByRole('button', { name: 'More for key Leaked' }).click()
  const restore = page.getByRole('menuitem', { name: 'Restore' })
  await expect(restore).toContainText('It can no longer be restored.')
})
