import { expect, openCreate, revealed, secretOn, test, uniqueName, visit } from './harness/test.ts'

test('the form comes up over the list on a wide screen, at an address of its own', async ({ open }) => {
  const page = await open('ada')
  await openCreate(page)
  await expect(page.getByRole('dialog', { name: 'Create API Key' })).toBeVisible()
  await expect(page).toHaveURL(/\/settings\/api-keys\/new$/)
  await expect(page.getByLabel('Key Name')).toBeFocused()
  await page.reload()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByRole('heading', { level: 1, name: 'Create API Key' })).toBeVisible()
})

test('the form is a page of its own on a phone', async ({ open }) => {
  const page = await open('ada', { viewport: { width: 360, height: 740 } })
  await openCreate(page)
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByRole('heading', { level: 1, name: 'Create API Key' })).toBeVisible()
})

test('Escape and Back close the form and give the focus back', async ({ open }) => {
  const page = await open('ada')
  await openCreate(page)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Create API Key' })).toBeFocused()
  await page.getByRole('button', { name: 'Create API Key' }).click()
  await expect(page.getByLabel('Key Name')).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page).toHaveURL(/\/settings\/api-keys$/)
})

test('what only reads is chosen from the start, for 90 days, with the date told', async ({ open }) => {
  const page = await open('ada')
  await openCreate(page)
  await expect(page.getByRole('checkbox', { name: 'contacts:read' })).toBeChecked()
  for (const name of ['contacts:write', 'keys:read', 'keys:write']) {
    await expect(page.getByRole('checkbox', { name })).not.toBeChecked()
  }
  await expect(page.getByLabel('Expires')).toHaveAccessibleDescription(
    /^Expires \d+ \w+ \d{4}, \d\d:\d\d UTC\.$/,
  )
  await page.getByLabel('Expires').selectOption('Never')
  await expect(page.getByLabel('Expires')).toHaveAccessibleDescription(/stays dangerous/)
})

test('what was chosen is what the key becomes', async ({ open }) => {
  const page = await open('ada')
  const name = uniqueName('Chosen')
  await openCreate(page)
  await page.getByLabel('Key Name').fill(`  ${name} `)
  await page.getByRole('radio', { name: 'Test' }).check()
  await page.getByRole('checkbox', { name: 'companies:read' }).uncheck()
  await page.getByLabel('Expires').selectOption('Never')
  await page.getByLabel('Key Name').press('Enter')
  expect(await secretOn(page)).toMatch(/^lk_test_/)
  await page.getByLabel('I have saved it').check()
  await page.getByRole('link', { name: 'Done' }).click()
  await page.getByRole('link', { name }).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  const facts = page.getByRole('main')
  await expect(facts).toContainText('Test')
  await expect(facts).toContainText('contacts:read')
  await expect(facts).not.toContainText('companies:read')
})

for (const script of [true, false]) {
  test(`what is wrong with the name is told at the field, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const page = await open('ada', { javaScriptEnabled: script })
    await openCreate(page)
    const field = page.getByLabel('Key Name')
    await field.fill('x'.repeat(65))
    await page.getByRole('button', { name: 'Generate' }).click()
    await expect(field).toHaveAttribute('aria-invalid', 'true')
    await expect(field).toHaveAccessibleDescription(/at most 64 characters/)
    await expect(field).toHaveValue('x'.repeat(65))
    if (script) await expect(field).toBeFocused()
    await field.fill('evil \u202Etxt')
    await page.getByRole('button', { name: 'Generate' }).click()
    await expect(field).toHaveAttribute('aria-invalid', 'true')
    await expect(revealed(page)).toHaveCount(0)
    await field.fill(uniqueName('Mended'))
    await page.getByRole('button', { name: 'Generate' }).click()
    await secretOn(page)
  })
}

test('a name is text, whatever it holds', async ({ open }) => {
  const page = await open('ada')
  const dialogs: string[] = []
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message())
    void dialog.dismiss()
  })
  const hostile = `<img src=x onerror=alert(1)> {{7*7}} \${7*7} '--`
  await openCreate(page)
  await page.getByLabel('Key Name').fill(hostile)
  await page.getByRole('button', { name: 'Generate' }).click()
  await secretOn(page)
  await page.getByLabel('I have saved it').check()
  await page.getByRole('link', { name: 'Done' }).click()
  await page.getByRole('link', { name: hostile }).click()
  await expect(page).toHaveTitle(`${hostile} · API Keys · Latchkey`)
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: hostile })).toBeVisible()
  await visit(page, '/settings/api-keys')
  await page.getByRole('button', { name: `Delete key ${hostile}` }).click()
  await expect(page.getByRole('alertdialog')).toContainText(hostile)
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByText(`“${hostile}” is deleted`)).toBeVisible()
  expect(dialogs).toEqual([])
  await expect(page.locator('img')).toHaveCount(0)
})
