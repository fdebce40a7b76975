import type { Page } from '@playwright/test'
import { expectAccessible } from './harness/accessible.ts'
import { callWith } from './harness/keys.ts'
import {
  apiProxy,
  apiUrl,
  createKey,
  expect,
  openCreate,
  test,
  uniqueName,
  visit,
  type Person,
} from './harness/test.ts'

const list = '/settings/api-keys'

interface State {
  name: string
  as?: Person | null
  /** How wide the screen is on the way there. */
  width?: number
  reach: (page: Page) => Promise<unknown>
}

const states: State[] = [
  { name: 'sign-in', as: null, reach: (page) => visit(page, '/sign-in') },
  {
    name: 'sign-in refused',
    as: null,
    async reach(page) {
      await visit(page, '/sign-in')
      await page.getByLabel('Email').fill('nobody@example.com')
      await page.getByLabel('Password', { exact: true }).fill('not the password')
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await expect(page.getByRole('alert')).toBeVisible()
    },
  },
  { name: 'signed out', as: null, reach: (page) => visit(page, '/sign-in?notice=signed-out') },
  { name: 'set up already', as: null, reach: (page) => visit(page, '/setup') },
  { name: 'overview', reach: (page) => visit(page, '/') },
  {
    name: 'first steps',
    as: 'nia',
    async reach(page) {
      await visit(page, '/')
      await expect(page.getByRole('heading', { name: 'Get started' })).toBeVisible()
    },
  },
  {
    name: 'command palette',
    async reach(page) {
      await visit(page, list)
      await page.keyboard.press('Control+K')
      await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible()
    },
  },
  {
    name: 'help with shortcuts',
    async reach(page) {
      await visit(page, list)
      await page.keyboard.press('?')
      await expect(page.getByRole('switch')).toBeVisible()
    },
  },
  { name: 'settings', reach: (page) => visit(page, '/settings') },
  { name: 'key policy', reach: (page) => visit(page, '/settings/key-policy') },
  { name: 'audit log', reach: (page) => visit(page, '/settings/audit-log') },
  { name: 'list', reach: (page) => visit(page, list) },
  { name: 'list of revoked keys', reach: (page) => visit(page, `${list}?status=revoked`) },
  {
    name: 'later page',
    as: 'max',
    reach: (page) => visit(page, list).then(() => page.getByRole('link', { name: 'Next' }).click()),
  },
  { name: 'no keys', as: 'nia', reach: (page) => visit(page, list) },
  { name: 'no results', reach: (page) => visit(page, `${list}?q=nothing-has-this-name`) },
  { name: 'notice', reach: (page) => visit(page, `${list}?notice=already-deleted`) },
  { name: 'viewer’s list', as: 'vic', reach: (page) => visit(page, list) },
  { name: 'viewer’s create page', as: 'vic', reach: (page) => visit(page, `${list}/new`) },
  {
    name: 'account menu',
    async reach(page) {
      await visit(page, list)
      await page.getByRole('button', { name: /^Account/ }).click()
      await expect(page.getByRole('button', { name: 'Sign out', exact: true })).toBeVisible()
    },
  },
  { name: 'create', reach: openCreate },
  { name: 'create, as a page', width: 320, reach: openCreate },
  {
    name: 'create refused',
    async reach(page) {
      await openCreate(page)
      await page.getByLabel('Key Name').fill('x'.repeat(65))
      await page.getByRole('button', { name: 'Generate' }).click()
      await expect(page.getByText('at most 64')).toBeVisible()
    },
  },
  {
    name: 'create, with all options and what is wrong with them',
    async reach(page) {
      await openCreate(page)
      await page.getByLabel('Key Name').fill('Wrong')
      await page.getByLabel('Expires').selectOption('custom')
      await page.getByText('Limits and restrictions').click()
      await page.getByRole('button', { name: '100 in 1 minute' }).click()
      await page.getByRole('button', { name: 'Add a limit' }).click()
      await page.getByLabel('Requests', { exact: true }).nth(1).fill('5')
      await page.getByLabel('Allowed addresses').fill('nowhere')
      await page.getByLabel('Allowed origins').fill('nowhere')
      await page.getByRole('button', { name: 'Generate' }).click()
      await expect(page.getByText('Two limits are over the same time')).toBeVisible()
    },
  },
  {
    name: 'reveal, with the key in the code',
    async reach(page) {
      await createKey(page, uniqueName('Axe'))
      await page.getByRole('radio', { name: 'Python' }).check()
      await page.getByRole('button', { name: 'Show key' }).click()
    },
  },
  {
    name: 'reveal, after the first call',
    async reach(page) {
      const secret = await createKey(page, uniqueName('Axe'))
      await callWith(apiUrl, secret)
      await expect(page.getByText('The first call has arrived')).toBeVisible()
    },
  },
  {
    name: 'reveal',
    reach: (page) => createKey(page, uniqueName('Axe')),
  },
  { name: 'reveal, as a page', width: 320, reach: (page) => createKey(page, uniqueName('Axe')) },
  {
    name: 'question before leaving',
    async reach(page) {
      await createKey(page, uniqueName('Axe'))
      await page.getByRole('link', { name: 'Done' }).click()
      await expect(page.getByRole('alertdialog')).toBeVisible()
    },
  },
  {
    name: 'delete',
    async reach(page) {
      await visit(page, `${list}?q=Zapier`)
      await page.getByRole('button', { name: 'Delete key Zapier' }).click()
      await expect(page.getByText('in the last 24 hours')).toBeVisible()
    },
  },
  {
    name: 'deleted',
    async reach(page) {
      const name = uniqueName('Axe')
      await createKey(page, name)
      await page.getByLabel('I have saved it').check()
      await page.getByRole('link', { name: 'Done' }).click()
      await page.getByRole('button', { name: `Delete key ${name}` }).click()
      await page.getByRole('button', { name: 'Delete', exact: true }).click()
      await expect(page.getByText('Rejected on')).toBeVisible()
    },
  },
  { name: 'delete page', reach: async (page) => visit(page, `${await linkOf(page, 'Zapier')}/delete`) },
  { name: 'key', reach: async (page) => visit(page, await linkOf(page, 'Staging app')) },
  { name: 'not found', reach: (page) => visit(page, '/nothing/here') },
  {
    name: 'API down',
    async reach(page) {
      await apiProxy.fail({ on: '', kind: 'refused' })
      await visit(page, list)
      await apiProxy.heal()
    },
  },
]

for (const { name, as = 'ada', width: wide = 1280, reach } of states)
  test(`axe finds nothing on ${name}, whatever theme and width`, async ({ open }) => {
    const page = await open(as, { viewport: { width: wide, height: 800 }, reducedMotion: 'reduce' })
    await reach(page)
    await expectAccessible(page)
  })

async function linkOf(page: Page, key: string): Promise<string> {
  await visit(page, `${list}?q=${key}`)
  return (await page.getByRole('link', { name: key }).getAttribute('href')) ?? ''
}
