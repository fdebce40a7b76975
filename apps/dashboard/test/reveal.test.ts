import type { Page } from '@playwright/test'
import {
  apiUrl,
  createKey,
  expect,
  front,
  openCreate,
  revealed,
  secretOn,
  test,
  uniqueName,
  visit,
} from './harness/test.ts'
import { callWith } from './harness/keys.ts'

const newPage = '/settings/api-keys/new'

test.describe('the whole key', () => {
  for (const script of [true, false]) {
    test(`is in exactly one answer and nowhere in the browser’s stores, ${script ? 'with' : 'without'} script`, async ({
      open,
    }) => {
      const page = await open('ada', { javaScriptEnabled: script })
      const printed: string[] = []
      page.on('console', (message) => printed.push(message.text()))
      const secret = await createKey(page, uniqueName('Recorded'))

      if (script) await useEverything(page, secret)
      await page.getByRole('link', { name: 'Done' }).click()
      await expect(revealed(page)).toHaveCount(0)
      await page.reload()
      await visit(page, '/settings')
      await goBack(page)
      await expect(page.getByText(secret)).toHaveCount(0)
      await expect(page.getByText(secret)).toHaveCount(0)

      expect(await front.find(secret)).toEqual([
        expect.objectContaining({ method: 'POST', path: newPage, status: 200 }),
      ])
      expect(printed.join('\n')).not.toContain(secret)
      expect(page.url()).not.toContain(secret)
      if (script) {
        const stored = await page.evaluate(() =>
          JSON.stringify([
            { ...localStorage },
            { ...sessionStorage },
            history.state,
            document.cookie,
            document.title,
          ]),
        )
        expect(stored).not.toContain(secret)
      }
      expect(JSON.stringify(await page.context().storageState())).not.toContain(secret)
    })
  }

  test('leaves the document when it closes', async ({ open }) => {
    const page = await open('ada')
    const secret = await createKey(page, uniqueName('Closed'))
    await page.getByRole('button', { name: 'Copy', exact: true }).click()
    await page.getByRole('link', { name: 'Done' }).click()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    expect(await page.content()).not.toContain(secret)

    await page.goForward()
    await expect(page.getByLabel('Key Name')).toBeVisible()
    expect(await page.content()).not.toContain(secret)
  })

  test('leaves the inline script of a page that was sent before its script ran', async ({ open }) => {
    const page = await open('ada')
    await visit(page, newPage)
    await page.getByLabel('Key Name').fill(uniqueName('Native post'))
    await page.evaluate(() =>
      HTMLFormElement.prototype.submit.call(document.querySelector('form[action$="/new"]')),
    )
    const secret = await secretOn(page)
    await expect(page.getByRole('button', { name: 'Copy', exact: true })).toBeFocused()
    const scripts = await page.locator('script').allTextContents()
    expect(scripts.join('\n')).not.toContain(secret)
    await page.getByLabel('I have saved it').check()
    await visit(page, '/settings')
    expect(await page.content()).not.toContain(secret)
  })

  test('is gone before the browser can keep the page for Back', async ({ open }) => {
    const page = await open('ada')
    const secret = await createKey(page, uniqueName('Frozen'))
    const frozen = await page.evaluate(() => {
      dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
      return document.documentElement.outerHTML
    })
    expect(frozen).not.toContain(secret)
    await expect(page.getByText('The key is no longer shown')).toBeVisible()
  })

  test('is selected whole by a double click', async ({ open }) => {
    const page = await open('ada')
    const secret = await createKey(page, uniqueName('Double click'))
    await revealed(page).dblclick({ position: { x: 60, y: 10 } })
    expect(await page.evaluate(() => getSelection()?.toString())).toBe(secret)
  })

  test('is kept from spell checkers, translators and password managers', async ({ open }) => {
    const page = await open('ada')
    await createKey(page, uniqueName('Attributes'))
    const key = revealed(page)
    await expect(key).toHaveAttribute('spellcheck', 'false')
    await expect(key).toHaveAttribute('translate', 'no')
    await expect(key).toHaveAttribute('data-lpignore', 'true')
    expect(await key.evaluate((element) => element.closest('form'))).toBeNull()
  })
})

test.describe('copying', () => {
  test('says so for a while, aloud too', async ({ open }) => {
    const page = await open('ada')
    await page.context().grantPermissions(['clipboard-write'])
    await createKey(page, uniqueName('Copied'))
    const copy = page.getByRole('button', { name: 'Copy', exact: true })
    await expect(copy).toBeFocused()
    await copy.click()
    await expect(page.getByRole('button', { name: 'Copied', exact: true })).toBeVisible()
    await expect(page.getByRole('status').filter({ hasText: 'Key copied' })).toBeVisible()
  })

  test('selects the key and says what to press where the browser refuses', async ({ open }) => {
    const page = await open('ada')
    await page.addInitScript(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('denied', 'NotAllowedError'))
    })
    const secret = await createKey(page, uniqueName('Refused'))
    await page.getByRole('button', { name: 'Copy', exact: true }).click()
    await expect(page.getByText('press Ctrl+C')).toBeVisible()
    expect(await page.evaluate(() => getSelection()?.toString().trim())).toBe(secret)
  })
})

test.describe('the way out before the key is copied', () => {
  test('asks once on Escape, on Close, on Back and on a click beside the dialog', async ({ open }) => {
    const page = await open('ada')
    await createKey(page, uniqueName('Guarded'))
    const question = page.getByRole('alertdialog', { name: 'Close without copying?' })
    const ways = [
      () => page.keyboard.press('Escape'),
      () => page.getByRole('button', { name: 'Close', exact: true }).click(),
      () => page.goBack(),
      () => page.mouse.click(5, 400),
      () => page.getByRole('link', { name: 'Done' }).click(),
    ]
    for (const leave of ways) {
      // A click beside the dialog counts again only a moment after the question has gone.
      await expect(async () => {
        if (await question.isHidden()) await leave()
        await expect(question).toBeVisible({ timeout: 1_000 })
      }).toPass()
      await page.getByRole('button', { name: 'Go back' }).click()
      await expect(question).toHaveCount(0)
      await expect(revealed(page)).toBeVisible()
    }
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Close anyway' }).click()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(page).toHaveURL(/\/settings\/api-keys$/)
  })

  test('brings up the browser’s own question on reload', async ({ open }) => {
    const page = await open('ada')
    await createKey(page, uniqueName('Reloaded'))
    const question = new Promise<string>((resolve) => {
      page.once('dialog', (dialog) => {
        resolve(dialog.type())
        void dialog.dismiss()
      })
    })
    void page.evaluate(() => setTimeout(() => location.reload()))
    expect(await question).toBe('beforeunload')
    await expect(revealed(page)).toBeVisible()
  })

  test('is free once the key is copied, or ticked as saved', async ({ open }) => {
    const page = await open('ada')
    await createKey(page, uniqueName('Ticked'))
    await page.getByLabel('I have saved it').check()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
  })

  test('is guarded on the page of its own, too', async ({ open }) => {
    const page = await open('ada', { viewport: { width: 360, height: 740 } })
    await createKey(page, uniqueName('Phone'))
    await page.getByRole('link', { name: 'Settings', exact: true }).first().click()
    await page.getByRole('button', { name: 'Close anyway' }).click()
    await expect(page).toHaveURL(/\/settings$/)
  })
})

test.describe('creating once', () => {
  test('makes one key of a double click on Generate', async ({ open, keysFor }) => {
    const page = await open('ada')
    const name = uniqueName('Twice')
    await openCreate(page)
    await page.getByLabel('Key Name').fill(name)
    await page.getByRole('button', { name: 'Generate' }).dblclick()
    await secretOn(page)
    expect(await keysFor('ada').count(`&q=${encodeURIComponent(name)}`)).toBe(1)
  })

  test('shows the same key when the answer was lost and Generate is pressed again', async ({
    open,
    keysFor,
  }) => {
    const page = await open('ada')
    const name = uniqueName('Lost answer')
    await openCreate(page)
    await page.getByLabel('Key Name').fill(name)
    await front.fail({ on: `POST ${newPage}`, kind: 'lost', times: 1 })
    await page.getByRole('button', { name: 'Generate' }).click()
    await expect(page.getByRole('alert')).toContainText('got lost')
    await expect(page.getByLabel('Key Name')).toHaveValue(name)
    await page.getByRole('button', { name: 'Generate' }).click()
    expect(await callWith(apiUrl, await secretOn(page))).toBe(200)
    expect(await keysFor('ada').count(`&q=${encodeURIComponent(name)}`)).toBe(1)
  })

  test('without script, a reload of the answer makes no second key and does not show the first again', async ({
    open,
    keysFor,
  }) => {
    const page = await open('ada', { javaScriptEnabled: false })
    const name = uniqueName('Reloaded post')
    const secret = await createKey(page, name)
    await page.reload()
    await expect(page.getByRole('heading', { level: 1, name: 'This key exists already' })).toBeVisible()
    await expect(page.getByText('Its secret is given out once')).toBeVisible()
    expect(await page.content()).not.toContain(secret)
    expect(await keysFor('ada').count(`&q=${encodeURIComponent(name)}`)).toBe(1)
  })

  test('takes each opening of the form for a new key', async ({ open, keysFor }) => {
    const page = await open('ada')
    const name = uniqueName('Two on purpose')
    for (let round = 0; round < 2; round++) {
      await createKey(page, name)
      await page.getByLabel('I have saved it').check()
      await page.getByRole('link', { name: 'Done' }).click()
      await expect(page.getByRole('dialog')).toHaveCount(0)
    }
    expect(await keysFor('ada').count(`&q=${encodeURIComponent(name)}`)).toBe(2)
  })
})

/** Does all that can be done with a key on the screen. */
async function useEverything(page: Page, secret: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-write'])
  await page.getByRole('button', { name: 'Show key' }).click()
  for (const kind of ['curl', 'JavaScript', 'Python', '.env']) {
    await page.getByRole('radio', { name: kind }).check()
    await page.getByRole('button', { name: 'Copy code' }).click()
    await expect(page.getByRole('button', { name: 'Copied', exact: true })).toBeVisible()
  }
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download', exact: true }).click()
  await download
  expect(await callWith(apiUrl, secret)).toBe(200)
  await expect(page.getByText('The first call has arrived')).toBeVisible()
  await page.getByLabel('I have saved it').check()
}

/** One step back, wherever that leads: Chromium does not show the answer to a form again, and Playwright calls that an error. */
async function goBack(page: Page): Promise<void> {
  await page.goBack().catch((error: Error) => expect(error.message).toMatch(/ERR_CACHE_MISS|ERR_ABORTED/))
}
