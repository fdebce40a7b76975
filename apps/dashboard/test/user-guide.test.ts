import type { Page } from '@playwright/test'
import { password } from './harness/people.ts'
import { callWith } from './harness/keys.ts'
import {
  apiUrl,
  clipboardText,
  confirmDelete,
  expect,
  revealed,
  secretOn,
  test,
  uniqueName,
} from './harness/test.ts'

const screens = [
  { title: 'on a desktop', options: { viewport: { width: 1280, height: 800 } } },
  { title: 'on a phone', options: { viewport: { width: 360, height: 740 }, hasTouch: true } },
  { title: 'on a desktop without script', options: { javaScriptEnabled: false } },
  {
    title: 'on a phone without script',
    options: { javaScriptEnabled: false, viewport: { width: 360, height: 740 } },
  },
]

/** The page “Managing API Keys”, word by word. */
for (const { title, options } of screens) {
  test(`a key is created, used, seen and deleted as the user guide says, ${title}`, async ({ open }) => {
    const script = options.javaScriptEnabled !== false
    const page = await open(null, options)
    if (script) await page.context().grantPermissions(['clipboard-write'])
    const name = uniqueName('Integration with CRM')

    await signIn(page)
    await page.getByRole('link', { name: 'Settings', exact: true }).first().click()
    await page.getByRole('link', { name: 'API Keys', exact: true }).first().click()
    await expect(page.getByRole('heading', { level: 1, name: 'API Keys' })).toBeVisible()

    await page.getByRole('button', { name: 'Create API Key' }).click()
    await expect(page.getByText('A descriptive name that tells its purpose')).toBeVisible()
    await page.getByLabel('Key Name').fill(name)
    await page.getByRole('button', { name: 'Generate' }).click()
    const secret = await secretOn(page)
    expect(secret).toMatch(/^lk_live_[0-9A-Za-z]{36}$/)
    await expect(page.getByText('every API request needs it')).toBeVisible()
    if (script) {
      await page.getByRole('button', { name: 'Copy', exact: true }).click()
      await expect(page.getByRole('button', { name: 'Copied', exact: true })).toBeVisible()
      expect(await clipboardText(page)).toBe(secret)
    }
    expect(await callWith(apiUrl, secret)).toBe(200)

    await page.getByRole('link', { name: 'Done' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'API Keys' })).toBeVisible()
    await expect(revealed(page)).toHaveCount(0)
    const row = page.getByRole('row').filter({ hasText: name })
    await expect(row.getByText('Active')).toBeVisible()
    await expect(row.getByText(secret.slice(0, 12))).toBeVisible()

    await page.getByRole('button', { name: `Delete key ${name}` }).click()
    await expect(page.getByRole('heading', { name: 'Delete this API key?' })).toBeVisible()
    await confirmDelete(page, name)
    await expect(
      page.getByText(/Rejected on 1 of 1 node after \d+ ms\. Calls with it now get 401\./),
    ).toBeVisible()
    await expect(row).toHaveCount(0)
    expect(await callWith(apiUrl, secret)).toBe(401)
  })
}

async function signIn(page: Page): Promise<void> {
  await page.goto('/')
  await page.getByLabel('Email').fill('ada@example.com')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
}
