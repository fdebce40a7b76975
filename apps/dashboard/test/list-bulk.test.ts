import { age } from './harness/keys.ts'
import { databaseSql, expect, test, uniqueName, visit } from './harness/test.ts'
import { newWorkspace } from './harness/workspace.ts'

const list = '/settings/api-keys'

test('many keys are chosen, changed and told of one by one', async ({ open }) => {
  const { keys, read, signIn } = await newWorkspace()
  const ids: string[] = []
  for (const name of ['One', 'Two', 'Three']) ids.push((await keys.create({ name })).id)
  const page = await open(null)
  await signIn(page)
  await visit(page, list)
  const bar = page.getByRole('form', { name: 'Change the selected keys' })
  await expect(bar).toBeHidden()
  await page.getByLabel('Select every key on this page').check()
  await expect(bar.getByRole('status')).toHaveText('3 selected')
  await page.getByLabel('Select Three').uncheck()
  await expect(bar.getByRole('status')).toHaveText('2 selected')
  // One of them goes away meanwhile: that keeps nothing from the other.
  await keys.delete(ids[0]!)
  await bar.getByRole('button', { name: 'Disable' }).click()
  const report = page.getByRole('main').getByRole('status')
  await expect(report.getByText(/^1 key is disabled\. Rejected on 1 of 1 node/)).toBeVisible()
  await expect(report.getByText('One: It had been deleted already.')).toBeVisible()
  await expect(page.locator(`#${ids[1]}`).getByText('Disabled')).toBeVisible()
  expect((await read(ids[1]!)).status).toBe('disabled')
  expect((await read(ids[2]!)).status).toBe('active')

  await page.getByLabel('Select every key on this page').focus()
  await page.keyboard.press('Space')
  await bar.getByRole('button', { name: 'Enable' }).press('Enter')
  await expect(report.getByText('2 keys are enabled.')).toBeVisible()
  expect((await read(ids[1]!)).status).toBe('active')
})

test('many keys are deleted after a question that names them', async ({ open }) => {
  const { keys, read, signIn } = await newWorkspace()
  const used = uniqueName('Used')
  const [one, two] = [await keys.create({ name: used }), await keys.create({ name: 'Second' })]
  await keys.create({ name: 'Stays' })
  const sql = databaseSql()
  await age(sql, used, { usedMs: 60_000 })
  await sql.end()
  const page = await open(null)
  await signIn(page)
  await visit(page, list)
  await page.getByLabel(`Select ${used}`).check()
  await page.getByLabel('Select Second').check()
  await page.getByRole('button', { name: 'Delete…' }).click()
  const dialog = page.getByRole('alertdialog', { name: 'Delete 2 API keys?' })
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expect(dialog.getByRole('listitem')).toHaveCount(2)
  const remove = dialog.getByRole('button', { name: 'Delete 2 keys' })
  await remove.click()
  expect((await read(one.id)).status).toBe('active')
  await dialog.getByLabel(/I know that 1 of them is in use/).check()
  await remove.click()
  await expect(page.getByText(/^2 keys are deleted\. Rejected on 1 of 1 node/)).toBeVisible()
  await expect(page.getByText('1 key', { exact: true })).toBeVisible()
  for (const { id } of [one, two]) expect((await read(id)).status).toBe('revoked')
})

test('it all works without script', async ({ open }) => {
  const { keys, read, signIn } = await newWorkspace()
  const [one, two] = [await keys.create({ name: 'First' }), await keys.create({ name: 'Second' })]
  await keys.create({ name: 'Stays' })
  const page = await open(null, { javaScriptEnabled: false })
  await signIn(page)
  await page.goto(`${list}?sort=name`)
  await page.getByLabel('Select First').check()
  await page.getByLabel('Select Second').check()
  await page.getByRole('button', { name: 'Disable' }).click()
  await expect(page.getByText(/^2 keys are disabled\./)).toBeVisible()
  await expect(page).toHaveURL(/sort=name/)
  expect((await read(two.id)).status).toBe('disabled')

  await page.getByLabel('Select First').check()
  await page.getByLabel('Select Second').check()
  await page.getByRole('button', { name: 'Delete…' }).click()
  await expect(page.getByRole('heading', { name: 'Delete 2 API keys?' })).toBeVisible()
  await keys.delete(one.id)
  await page.getByRole('button', { name: 'Delete 2 keys' }).click()
  await expect(page.getByText(/^1 key is deleted\./)).toBeVisible()
  await expect(page.getByText('It had been deleted already.')).toBeVisible()
  await page.getByRole('link', { name: 'Back to the list' }).click()
  await expect(page.getByText('1 key', { exact: true })).toBeVisible()
  expect((await read(two.id)).status).toBe('revoked')
})
