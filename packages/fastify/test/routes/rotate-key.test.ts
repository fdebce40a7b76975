import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiKey, RotatedApiKey, UpdatedApiKey } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

describeOnEachDatabase('rotation over HTTP', (database) => {
  let app: FastifyInstance
  let log: { text(): string }
  beforeAll(async () => {
    ;({ app, log } = await createApp(database()))
  })
  afterAll(() => app.close())

  const rotate = (id: string, payload: object = {}, headers: Record<string, string> = {}, owner = 'acme') =>
    callAs(app, owner, { method: 'POST', url: `${KEYS}/${id}/rotate`, payload, headers })
  const retire = (id: string, payload: object) =>
    callAs(app, 'acme', { method: 'PATCH', url: `${KEYS}/${id}/retiring-secret`, payload })
  const call = (secret: string) => app.inject({ url: '/any', headers: bearer(secret) })

  it('200: shows the new secret once, and the old one is refused when the reply is there', async () => {
    const { id, secret } = await createKey(app, 'acme')
    expect((await call(secret)).statusCode).toBe(200)
    const reply = await rotate(id)
    expect(reply.statusCode).toBe(200)
    expect(reply.headers['cache-control']).toBe('no-store')
    const rotated = reply.json<RotatedApiKey>()
    expect(rotated.apiKey).toMatchObject({ id, version: 2, retiringSecret: null })
    expect(rotated.receipt!.confirmed).toBe(rotated.receipt!.nodes)
    expect((await call(rotated.secret)).statusCode).toBe(200)
    const refused = await call(secret)
    expectProblem(refused, 'key_retired')
    expect(refused.headers['www-authenticate']).toContain('error="invalid_token"')
    expect((await callAs(app, 'acme', { url: `${KEYS}/${id}` })).body).not.toContain(rotated.secret.slice(12))
    for (const text of [secret, rotated.secret]) expect(log.text()).not.toContain(text)
  })

  it('200: keeps the old secret for its grace, shows it beside the key, and ends it when told to', async () => {
    const { id, secret } = await createKey(app, 'acme')
    const before = Date.now()
    const { apiKey, receipt } = (await rotate(id, { gracePeriodSeconds: 3_600 })).json<RotatedApiKey>()
    expect(receipt).toBeNull()
    const { endsAt, ...retiring } = apiKey.retiringSecret!
    expect(Date.parse(endsAt) - before).toBeGreaterThanOrEqual(3_600_000)
    expect(retiring).toEqual({
      version: 1,
      start: secret.slice(0, 12),
      retiredAt: apiKey.rotatedAt,
      lastUsedAt: null,
      lastUsedAddress: null,
    })
    expect((await call(secret)).statusCode).toBe(200)
    expectProblem(await rotate(id, { gracePeriodSeconds: 1 }), 'already_retiring')

    const longer = (await retire(id, { gracePeriodSeconds: 7_200 })).json<UpdatedApiKey>()
    expect(Date.parse(longer.apiKey.retiringSecret!.endsAt)).toBeGreaterThan(Date.parse(endsAt))
    expect(longer.receipt).toBeNull()
    const cut = (await retire(id, { gracePeriodSeconds: 0 })).json<UpdatedApiKey>()
    expect(cut).toMatchObject({ apiKey: { retiringSecret: null }, receipt: { nodes: 1, confirmed: 1 } })
    expectProblem(await call(secret), 'key_retired')
    expectProblem(await retire(id, { gracePeriodSeconds: 60 }), 'not_retiring')
  })

  it('200: repeats its reply for the same Idempotency-Key', async () => {
    const { id } = await createKey(app, 'acme')
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const first = await rotate(id, { gracePeriodSeconds: 60 }, headers)
    const again = await rotate(id, { gracePeriodSeconds: 60 }, headers)
    expect(again.json()).toEqual(first.json())
    expect(again.headers['idempotency-replayed']).toBe('true')
    expectProblem(await rotate(id, {}, headers), 'idempotency_mismatch')
  })

  it('409, 404, 400: says why not', async () => {
    const { id } = await createKey(app, 'acme')
    expectProblem(await rotate(id, {}, {}, 'other'), 'not_found')
    for (const gracePeriodSeconds of [-1, 604_801, 1.5, '60', null]) {
      expectProblem(await rotate(id, { gracePeriodSeconds }), 'invalid_request')
    }
    expectProblem(await rotate(id, { secret: 'lk_live_mine' }), 'invalid_request')
    await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` })
    expectProblem(await rotate(id), 'already_revoked')
  })

  it('tells when it is due again', async () => {
    const payload = { name: 'k', rotateEveryDays: 90 }
    const created = await callAs(app, 'acme', { method: 'POST', url: KEYS, payload })
    const { apiKey } = created.json<{ apiKey: ApiKey }>()
    expect(Date.parse(apiKey.rotationDueAt!) - Date.parse(apiKey.createdAt)).toBe(90 * 86_400_000)
  })
})
