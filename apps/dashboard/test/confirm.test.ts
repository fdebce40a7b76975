import type { Page } from '@playwright/test'
import { expectAccessible } from './harness/accessible.ts'
import { letTimePass, password } from './harness/people.ts'
import { confirmDelete, databaseSql, expect, openCreate, secretOn, test, visit } from './harness/test.ts'
import { newWorkspace } from './harness/workspace.ts'

const needed = 'This key can manage other keys'

/** Somebody who signed in a while ago. */
async function signedInLongAgo(page: Page) {
  const workspace = await newWorkspace()
  await workspace.signIn(page)
  const waitLong = () => letTimePass(databaseSql(), workspace.email)
  return { ...workspace, waitLong }
}

/** Fills in the form, and sends it long after sign-in. */
async function askForRoot(page: Page, waitLong: () => PromiseLike<unknown>): Promise<void> {
  await page.getByLabel('Key Name').fill('Root')
  await page.getByRole('checkbox', { name: 'keys:write' }).check()
  await waitLong()
  await page.getByRole('button', { name: 'Generate' }).click()
  await expect(page.getByText(needed)).toBeInViewport()
}

/** Goes to the page that the form leads to, in its own tab, and proves there who it is. */
async function confirmInNewTab(page: Page): Promise<void> {
  const opened = page.waitForEvent('popup')
  await page.getByRole('link', { name: 'Confirm in a new tab' }).click()
  const tab = await opened
  await tab.getByLabel('Your password').fill(password)
  await tab.getByRole('button', { name: 'Confirm', exact: true }).click()
  await expect(tab.getByRole('heading', { name: 'Confirmed' })).toBeVisible()
  await tab.close()
}

async function confirmHere(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Confirm that it is you' })).toBeVisible()
  await page.getByLabel('Your password').fill(password)
  await page.getByRole('button', { name: 'Confirm', exact: true }).click()
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? '' : ', without script'

  test(`a key that manages keys takes a proof of who it is, and the form keeps what was entered${how}`, async ({
    open,
  }) => {
    const page = await open(null, { javaScriptEnabled })
    const { waitLong } = await signedInLongAgo(page)
    if (javaScriptEnabled) await openCreate(page)
    else await visit(page, '/settings/api-keys/new')
    await askForRoot(page, waitLong)

    await confirmInNewTab(page)
    await expect(page.getByLabel('Key Name')).toHaveValue('Root')
    await expect(page.getByRole('checkbox', { name: 'keys:write' })).toBeChecked()
    await page.getByRole('button', { name: 'Generate' }).click()
    expect(await secretOn(page)).toMatch(/^lk_live_/)
  })
}

test('such a key is edited, rotated and deleted only after a proof as well', async ({ open }) => {
  const page = await open(null)
  const { keys, waitLong } = await signedInLongAgo(page)
  const { id } = await keys.create({ name: 'Robot', scopes: ['contacts:read', 'keys:read'] })
  const here = `/settings/api-keys/${id}`

  await visit(page, `${here}/edit`)
  await page.getByLabel('Key Name').fill('Robot of ours')
  await waitLong()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText(needed)).toBeVisible()
  await confirmInNewTab(page)
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { name: 'Robot of ours' })).toBeVisible()

  await visit(page, `${here}/rotate`)
  await waitLong()
  await page.getByRole('button', { name: 'Rotate' }).click()
  await expect(page.getByText(needed)).toBeVisible()
  await confirmInNewTab(page)
  await page.getByRole('button', { name: 'Rotate' }).click()
  await secretOn(page)

  await visit(page, `${here}/delete`)
  await waitLong()
  await confirmDelete(page, 'Robot of ours')
  await confirmHere(page)
  await expect(page).toHaveURL(`${here}/delete`)
  await confirmDelete(page, 'Robot of ours')
  await expect(page).toHaveURL(/\/settings\/api-keys\?deleted=/)
  await expect(page.getByRole('row', { name: 'Robot of ours' })).toHaveCount(0)
})

test('of several keys such a one is left, and told with where to confirm', async ({ open }) => {
  const page = await open(null)
  const { keys, waitLong } = await signedInLongAgo(page)
  await keys.create({ name: 'Robot', scopes: ['keys:read'] })
  await keys.create({ name: 'Plain', scopes: ['contacts:read'] })
  await visit(page, '/settings/api-keys')
  await page.getByLabel('Select every key on this page').check()
  await waitLong()
  await page.getByRole('button', { name: 'Disable' }).click()
  await expect(page.getByText('Robot: It can manage other keys.')).toBeVisible()
  await page.getByRole('link', { name: 'Confirm that it is you' }).click()
  await confirmHere(page)
  await expect(page).toHaveURL(/\/settings\/api-keys$/)
  await expect(page.getByRole('row', { name: 'Plain' })).toContainText('Disabled')
  await expect(page.getByRole('row', { name: 'Robot' })).toContainText('Active')
})

test('axe finds nothing on the form that asks for a proof, whatever theme and width', async ({ open }) => {
  const page = await open(null)
  const { waitLong } = await signedInLongAgo(page)
  await visit(page, '/settings/api-keys/new')
  await askForRoot(page, waitLong)
  await expectAccessible(page)
  await visit(page, '/settings/security/confirm/done')
  await expectAccessible(page)
})
