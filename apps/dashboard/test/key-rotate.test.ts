import { callWith } from './harness/keys.ts'
import { callKeys, makeKey, readKey } from './harness/key-calls.ts'
import { apiProxy, apiUrl, expect, front, origin, secretOn, test, uniqueName, visit } from './harness/test.ts'

const list = '/settings/api-keys'
const ways = [true, false].map((script) => ({ script, how: script ? 'with script' : 'without script' }))
const scopes = ['contacts:read']

test.afterEach(() => apiProxy.heal())

for (const { script, how } of ways) {
  test(`a key gets a new secret while the old one works on, until it is ended, ${how}`, async ({
    open,
    cookies,
  }) => {
    const { id, secret: old } = await makeKey(cookies.ada, { name: uniqueName('Rotated'), scopes })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}`)
    await page.getByRole('link', { name: 'Rotate' }).click()
    await page.getByRole('radio', { name: '7 days' }).check()
    await page.getByRole('button', { name: 'Rotate' }).click()
    const fresh = await secretOn(page)
    expect(fresh).not.toBe(old)
    await expect(page.getByText('The old secret works beside this one until')).toBeVisible()
    expect([await callWith(apiUrl, old), await callWith(apiUrl, fresh)]).toEqual([200, 200])
    // In one answer to a browser, and in no address.
    expect(await front.find(fresh)).toHaveLength(1)
    expect(page.url()).toBe(`${origin}${list}/${id}/rotate`)

    await page.goto('about:blank')
    await visit(page, `${list}/${id}`)
    const panel = page.locator('section', { hasText: 'Two secrets work' })
    await expect(panel.getByRole('row', { name: /2, the present one/ })).toContainText(fresh.slice(0, 12))
    await expect(panel.getByRole('row', { name: /1, the old one/ })).toContainText(old.slice(0, 12))
    await expect(page.getByText('Version 2, since')).toBeVisible()
    expect(await page.content()).not.toContain(fresh)

    await panel.getByLabel('Let the old secret work').selectOption('1 hour')
    await panel.getByRole('button', { name: 'Change its end' }).click()
    await expect(page.getByText('The old secret works until the new time.')).toBeVisible()
    const { retiringSecret } = await readKey(cookies.ada, id)
    const endsMs = Date.parse((retiringSecret as { endsAt: string }).endsAt)
    expect(Math.abs(endsMs - Date.now() - 3600_000)).toBeLessThan(60_000)

    await panel.getByText('End the old secret now').click()
    await expect(panel.getByText('Whoever still calls with it gets 401')).toBeVisible()
    await panel.getByRole('button', { name: 'End it now' }).click()
    await expect(page.getByText(/The old secret has ended\. Rejected on 1 of 1 node/)).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Two secrets work' })).toHaveCount(0)
    expect([await callWith(apiUrl, old), await callWith(apiUrl, fresh)]).toEqual([401, 200])
  })

  test(`a leaked secret ends at once, and the page says on how many nodes, ${how}`, async ({
    open,
    cookies,
  }) => {
    const { id, secret: old } = await makeKey(cookies.ada, { name: uniqueName('Leaked'), scopes })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}/rotate`)
    await page.getByRole('radio', { name: 'Not at all' }).check()
    await page.getByRole('button', { name: 'Rotate' }).click()
    const fresh = await secretOn(page)
    await expect(page.getByText(/The old secret has ended\. Rejected on 1 of 1 node/)).toBeVisible()
    expect([await callWith(apiUrl, old), await callWith(apiUrl, fresh)]).toEqual([401, 200])
  })

  test(`an answer lost between API and dashboard rotates once, ${how}`, async ({ open, cookies }) => {
    const { id } = await makeKey(cookies.ada, { name: uniqueName('Lost'), scopes })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}/rotate`)
    await apiProxy.fail({ on: 'POST /v1/api-keys', kind: 'lost', times: 1 })
    await page.getByRole('button', { name: 'Rotate' }).click()
    await expect(page.getByRole('alert')).toContainText('will not be rotated twice')
    await page.getByRole('button', { name: 'Rotate' }).click()
    // Without script nobody can tell this from a reload, so the page only says what has become of the key.
    const heading = script ? 'Copy your key now' : 'This key has been rotated already'
    await expect(page.getByRole('heading', { name: heading })).toBeVisible()
    expect((await readKey(cookies.ada, id))['version']).toBe(2)
  })

  test(`a key rotated in one tab is not rotated again by another that did not know, ${how}`, async ({
    open,
    cookies,
  }) => {
    const { id } = await makeKey(cookies.ada, { name: uniqueName('Twice'), scopes })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}/rotate`)
    await page.getByRole('radio', { name: 'Not at all' }).check()
    await callKeys(cookies.ada, 'POST', `/${id}/rotate`, { gracePeriodSeconds: 0 })
    await page.getByRole('button', { name: 'Rotate' }).click()
    await expect(page.getByRole('alert')).toContainText('Somebody changed this key')
    expect((await readKey(cookies.ada, id))['version']).toBe(2)
  })

  test(`a key with two secrets is only rotated at once, ${how}`, async ({ open, cookies }) => {
    const { id } = await makeKey(cookies.ada, { name: uniqueName('Three'), scopes })
    await callKeys(cookies.ada, 'POST', `/${id}/rotate`, { gracePeriodSeconds: 3_600 })
    const page = await open('ada', { javaScriptEnabled: script })
    await visit(page, `${list}/${id}/rotate`)
    await expect(page.getByRole('radio', { name: '24 hours' })).toBeDisabled()
    await expect(page.getByRole('radio', { name: 'Not at all' })).toBeChecked()
    await expect(page.getByText('Three at once cannot')).toBeVisible()
  })
}

test('without script, a reload of the answer neither rotates again nor shows the secret again', async ({
  open,
  cookies,
}) => {
  const { id } = await makeKey(cookies.ada, { name: uniqueName('Reloaded'), scopes })
  const page = await open('ada', { javaScriptEnabled: false })
  await visit(page, `${list}/${id}/rotate`)
  await page.getByRole('button', { name: 'Rotate' }).click()
  const fresh = await secretOn(page)
  await page.reload()
  await expect(page.getByRole('heading', { name: 'This key has been rotated already' })).toBeVisible()
  expect(await page.content()).not.toContain(fresh)
  expect((await readKey(cookies.ada, id))['version']).toBe(2)
})
