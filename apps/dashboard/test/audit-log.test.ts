import { readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import type { Page } from '@playwright/test'
import { expect, test, uniqueName, visit } from './harness/test.ts'
import { newWorkspace } from './harness/workspace.ts'

const log = '/settings/audit-log'
const eventsOn = (page: Page) => page.locator('main ol.card > li')

test.describe('the audit log', () => {
  test('tells who did what to which key, and what was there before and after', async ({ open }) => {
    const { keys, signIn } = await newWorkspace()
    const name = uniqueName('Audited')
    const { id } = await keys.create({ name, scopes: ['contacts:read'] })
    await keys.disable(id)
    const page = await open(null)
    await signIn(page)
    await visit(page, '/settings')
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Audit log' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Audit log')
    await page.getByLabel('Key ID').fill(id)
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    const events = eventsOn(page)
    await expect(events).toHaveCount(2)
    await expect(events.first()).toContainText('Mia Many disabled')
    await expect(events.last()).toContainText('Mia Many created')
    await events.last().getByText('Details').click()
    await expect(events.last()).toContainText(name)
    await page.getByLabel('What happened').selectOption('Key disabled')
    await expect(events).toHaveCount(1)
    expect(new URL(page.url()).searchParams.get('action')).toBe('key.disabled')
    await page.reload()
    await expect(events).toHaveCount(1)
  })

  test('leads to older events, and back to the newest', async ({ open }) => {
    const page = await open('max')
    await visit(page, log)
    const first = eventsOn(page).first()
    const newest = await first.textContent()
    await page.getByRole('link', { name: 'Older' }).click()
    await expect(page).toHaveURL(/cursor=/)
    await expect(first).not.toHaveText(newest ?? '')
    await page.getByRole('link', { name: 'Newest' }).click()
    await expect(first).toHaveText(newest ?? '')
  })

  test('is a file whose hashes anybody can check, narrowed down as the page is', async ({
    open,
    keysFor,
  }) => {
    const { id } = await keysFor('ada').create({ name: uniqueName('=1+1') })
    const page = await open('ada')
    await visit(page, `${log}?keyId=${id}`)
    const download = async (name: string) => {
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name }).click(),
      ])
      return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') }
    }
    const lines = await download('Export JSON Lines')
    expect(lines.name).toMatch(/^audit-[\d-]{10}\.jsonl$/)
    const [line = '', ...rest] = lines.text.trimEnd().split('\n')
    expect(rest).toEqual([])
    const { hash } = JSON.parse(line) as { hash: string }
    const text = line.replace(`,"hash":"${hash}"`, '')
    expect(createHash('sha256').update(text).digest('hex')).toBe(hash)
    const table = await download('Export CSV')
    expect(table.name).toMatch(/\.csv$/)
    expect(table.text).toContain('key.created')
    expect(table.text).not.toMatch(/(?:^|,)"?=/m)
  })

  test('works without script', async ({ open, keysFor }) => {
    const { id } = await keysFor('ada').create({ name: uniqueName('Plain') })
    const page = await open('ada', { javaScriptEnabled: false })
    await page.goto(log)
    await page.getByLabel('Key ID').fill(id)
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await expect(eventsOn(page)).toHaveCount(1)
  })

  test('says so when nothing matches, whatever was asked', async ({ open }) => {
    const page = await open('ada')
    for (const query of [
      'keyId=nonsense',
      'actorId=nobody',
      'since=2090-01-01',
      'since=0000-01-01&keyId=x',
    ]) {
      await visit(page, `${log}?${query}`)
      await expect(page.getByText('No event matches')).toBeVisible()
    }
    await page.getByRole('link', { name: 'Clear filters' }).click()
    await expect(eventsOn(page).first()).toBeVisible()
    await visit(page, `${log}?cursor=nonsense`)
    await expect(eventsOn(page).first()).toBeVisible()
  })

  test('is not for viewers: neither the link, nor the page, nor the file', async ({ open }) => {
    const page = await open('vic')
    await visit(page, '/settings')
    await expect(page.getByRole('link', { name: 'API Keys' }).first()).toBeVisible()
    await expect(page.getByRole('link', { name: 'Audit log' })).toHaveCount(0)
    for (const path of [log, `${log}/export?format=csv`]) {
      const reply = await page.goto(path)
      expect(reply?.status()).toBe(403)
      expect(await reply?.text()).not.toContain('key.created')
    }
  })
})
