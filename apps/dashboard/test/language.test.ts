import type { Page } from '@playwright/test'
import { callWith } from './harness/keys.ts'
import { password } from './harness/people.ts'
import {
  apiProxy,
  apiUrl,
  confirmDelete,
  expect,
  origin,
  revealed,
  test,
  uniqueName,
  visit,
} from './harness/test.ts'

const list = '/settings/api-keys'

for (const script of [true, false])
  test(`a key is created and deleted in German, ${script ? 'with' : 'without'} script`, async ({ open }) => {
    const page = await open(null, { locale: 'de-AT', javaScriptEnabled: script })
    const name = uniqueName('Anbindung')

    await page.goto('/')
    await expect(page.locator('html')).toHaveAttribute('lang', 'de')
    await page.getByLabel('E-Mail').fill('ada@example.com')
    await page.getByLabel('Passwort', { exact: true }).fill('falsch geraten, leider')
    await page.getByRole('button', { name: 'Anmelden', exact: true }).click()
    await expect(page.getByRole('alert')).toContainText('passen nicht zusammen')
    await page.getByLabel('Passwort', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Anmelden', exact: true }).click()
    await page.getByRole('link', { name: 'Einstellungen', exact: true }).first().click()
    await page.getByRole('link', { name: 'API-Schlüssel', exact: true }).first().click()

    await page.getByRole('button', { name: 'API-Schlüssel erstellen' }).click()
    await page.getByLabel('Name des Schlüssels').fill(name)
    await page.getByLabel('Läuft ab').selectOption('30')
    await page.getByRole('button', { name: 'Generieren' }).click()
    await expect(page.getByRole('heading', { name: 'Kopieren Sie Ihren Schlüssel jetzt' })).toBeVisible()
    const secret = (await revealed(page).textContent()) ?? ''
    expect(await callWith(apiUrl, secret)).toBe(200)
    if (script) await page.getByLabel('Ich habe ihn sicher aufbewahrt').check()
    await page.getByRole('link', { name: 'Fertig' }).click()

    const row = page.getByRole('row').filter({ hasText: name })
    await expect(row.getByText('Aktiv')).toBeVisible()
    await expect(row.getByText('in 29 Tagen').or(row.getByText('in 30 Tagen'))).toBeVisible()
    await page.getByRole('button', { name: `Schlüssel ${name} löschen` }).click()
    await expect(page.getByRole('heading', { name: 'Diesen API-Schlüssel löschen?' })).toBeVisible()
    await confirmDelete(page, name, 'Löschen')
    await expect(page.getByText(/Auf 1 von 1 Knoten nach \d+ ms abgelehnt/)).toBeVisible()
    expect(await callWith(apiUrl, secret)).toBe(401)
  })

for (const script of [true, false])
  test(`a language is chosen on the sign-in page and in the account menu, ${script ? 'with' : 'without'} script`, async ({
    open,
  }) => {
    const stranger = await open(null, { javaScriptEnabled: script })
    await visit(stranger, `/sign-in?redirectTo=${encodeURIComponent('/settings')}`)
    await stranger.getByRole('button', { name: 'Deutsch' }).click()
    await expect(stranger.getByRole('heading', { name: 'Anmelden' })).toBeVisible()
    await expect(stranger).toHaveURL(/redirectTo=%2Fsettings$/)

    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}?status=active`)
    await page.getByRole('button', { name: /^Account/ }).click()
    await expect(page.getByRole('button', { name: 'English' })).toHaveAttribute('aria-pressed', 'true')
    await page.getByRole('button', { name: 'Deutsch' }).click()
    await expect(page).toHaveURL(/status=active$/)
    await expect(page).toHaveTitle('API-Schlüssel · Latchkey')
    await page.goto('/settings')
    await expect(page.getByRole('heading', { level: 1, name: 'Einstellungen' })).toBeVisible()
    await expectOneLanguage(page, 'de')
  })

test('the cookie of the choice is out of reach for scripts', async ({ request }) => {
  const response = await request.post(`${origin}/language`, {
    headers: { origin },
    form: { locale: 'de', redirectTo: '//evil.example' },
    maxRedirects: 0,
  })
  expect(response.headers()['location']).toBe('/')
  expect(response.headers()['set-cookie']).toMatch(/^latchkey_language=de;.*HttpOnly; Secure; SameSite=Lax/)
  for (const locale of ['', 'fr', 'en-XA', '../de'])
    expect(
      (await request.post(`${origin}/language`, { headers: { origin }, form: { locale } })).status(),
    ).toBe(400)
})

test('without a choice the browser’s languages decide, in their order', async ({ request }) => {
  const wanted: [string, string][] = [
    ['de', 'de'],
    ['de-CH, en;q=0.9', 'de'],
    ['en;q=0.8, de;q=0.9', 'de'],
    ['fr-FR, fr;q=0.9, de;q=0.5, en;q=0.4', 'de'],
    ['de;q=0, en', 'en'],
    ['ja', 'en'],
    ['*', 'en'],
    [';;q=x,,', 'en'],
  ]
  for (const [header, locale] of wanted) {
    const html = await (
      await request.get(`${origin}/sign-in`, { headers: { 'accept-language': header } })
    ).text()
    expect(html, header).toContain(`<html lang="${locale}" dir="ltr"`)
  }
})

test('requests in two languages at the same time do not mix', async ({ cookies }) => {
  // Slow, so that all of them are under way together.
  await apiProxy.fail({ on: 'GET /v1/api-keys', kind: { slowMs: 200 } })
  const headers = (language: string) => ({ cookie: cookies.ada, 'accept-language': language })
  const pages = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const language = index % 2 ? 'de' : 'en'
      return { language, html: await (await fetch(origin + list, { headers: headers(language) })).text() }
    }),
  )
  await apiProxy.heal()
  const words = { en: 'Create API Key', de: 'API-Schlüssel erstellen' }
  for (const { language, html } of pages) {
    expect(html).toContain(`<html lang="${language}"`)
    expect(html.includes(words.en)).toBe(language === 'en')
    expect(html.includes(words.de)).toBe(language === 'de')
  }
})

/** That the page’s script speaks the language of the server. */
async function expectOneLanguage(page: Page, locale: string): Promise<void> {
  await expect(page.locator('html')).toHaveAttribute('lang', locale)
  await expect(page.getByText('Create, watch and delete')).toHaveCount(0)
  await expect(page.getByText('Erstellen, beobachten und löschen')).toBeVisible()
}
