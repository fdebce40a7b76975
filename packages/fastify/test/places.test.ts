import { mkdtempSync, rmSync } from 'node:fs'
import { request as sendRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyServerOptions } from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { UpdatedApiKey } from '../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS } from './support/app.ts'
import { describeOnEachDatabase, useEmbeddedDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'
import { listen, sendRaw } from './support/raw-http.ts'
import { get, startReverseProxy } from './support/reverse-proxy.ts'

const page = 'https://app.example.com'

describeOnEachDatabase('where a key may be used, over HTTP', (database) => {
  const host = async (server: FastifyServerOptions = {}) => {
    const made = await createApp(database(), {}, server)
    onTestFinished(() => made.app.close())
    return made
  }

  it('is set, shown in one spelling, changed at once, and taken back', async () => {
    const { app } = await host()
    const payload = {
      name: 'k',
      allowedIps: ['::ffff:192.0.2.7', '2001:DB8::/32'],
      allowedOrigins: ['HTTPS://App.Example.com'],
      blockBrowsers: true,
    }
    const created = await callAs(app, 'acme', { method: 'POST', url: KEYS, payload })
    const { apiKey, secret } = created.json<{ apiKey: UpdatedApiKey['apiKey']; secret: string }>()
    expect(apiKey).toMatchObject({
      kind: 'secret',
      allowedIps: ['192.0.2.7', '2001:db8::/32'],
      allowedOrigins: [page],
      blockBrowsers: true,
    })
    const url = `${KEYS}/${apiKey.id}`
    expect((await callAs(app, 'acme', { url })).json()).toEqual(apiKey)
    const use = (remoteAddress: string) => app.inject({ url: '/any', headers: bearer(secret), remoteAddress })
    const change = async (fields: object) => {
      const reply = await callAs(app, 'acme', { method: 'PATCH', url, payload: fields })
      expect(reply.statusCode).toBe(200)
      expect(reply.json<UpdatedApiKey>().apiKey).toMatchObject(fields)
    }
    await change({ allowedOrigins: [], blockBrowsers: false })
    expect((await use('192.0.2.7')).statusCode).toBe(200)
    expect((await use('2001:db8:0::1')).statusCode).toBe(200)
    await change({ allowedIps: ['198.51.100.0/24'] })
    const refused = await use('192.0.2.7')
    const problem = expectProblem(refused, 'address_not_allowed')
    expect(problem.detail).toBe('The API key may not be used from 192.0.2.7.')
    expect(refused.body).not.toContain('198.51')
    await change({ allowedIps: [] })
    expect((await use('192.0.2.7')).statusCode).toBe(200)
  })

  it.each([
    [{ allowedIps: ['10.0.0.1/8'] }, 'allowedIps', /is 10\.0\.0\.0\/8$/],
    [{ allowedIps: ['192.0.02.7'] }, 'allowedIps', /must be IPv4 or IPv6/],
    [{ allowedIps: Array.from({ length: 51 }, (_, i) => `192.0.2.${i}`) }, 'allowedIps', /50/],
    [{ allowedIps: '192.0.2.7' }, 'allowedIps', /array/],
    [{ allowedOrigins: ['app.example.com'] }, 'allowedOrigins', /such as https:/],
    [{ blockBrowsers: 'true' }, 'blockBrowsers', /boolean/],
  ])('is refused as %j', async (fields, field, message) => {
    const { app } = await host()
    const payload = { name: 'k', ...fields }
    const problem = expectProblem(
      await callAs(app, 'acme', { method: 'POST', url: KEYS, payload }),
      'invalid_request',
    )
    expect(problem.errors).toEqual([{ field, message: expect.stringMatching(message) as string }])
  })

  it('does not wake the handler, and is told in the log without the address list', async () => {
    const { app, runs, log } = await host()
    const { id, secret } = await createKey(app, 'acme', { allowedIps: ['192.0.2.7'] })
    const reply = await app.inject({ url: '/any', headers: bearer(secret) })
    expectProblem(reply, 'address_not_allowed')
    expect(runs()).toBe(0)
    expect(log.entries()).toContainEqual(
      expect.objectContaining({ reason: 'address_not_allowed', apiKeyId: id }),
    )
  })
})

describe('the address of a client', () => {
  const database = useEmbeddedDatabase()
  const client = '127.0.0.2'
  const stranger = '127.0.0.3'
  const inner = '127.0.0.10'
  const outer = '127.0.0.11'

  /** An app that trusts what it trusts, and a key that is good for one client alone. */
  async function start(trustProxy?: FastifyServerOptions['trustProxy'], allowedIps = [client]) {
    const { app } = await createApp(database(), {}, trustProxy === undefined ? {} : { trustProxy })
    onTestFinished(() => app.close())
    const { secret } = await createKey(app, 'acme', { allowedIps })
    const port = await listen(app)
    const behind = async (from: string, to = port) => {
      const proxy = await startReverseProxy({ port: to, from })
      onTestFinished(proxy.stop)
      return proxy.port
    }
    const ask = async (to: number, from: string, headers: object = {}) => {
      const answer = await get({ port: to, from }, '/any', { ...bearer(secret), ...headers })
      return answer.status === 200 ? 'ok' : (JSON.parse(answer.body) as { detail: string }).detail
    }
    return { app, secret, port, behind, ask }
  }
  const refused = (address: string) => `The API key may not be used from ${address}.`
  /** Whatever clients have ever been believed in. */
  const forged = {
    'x-forwarded-for': client,
    'x-real-ip': client,
    'x-client-ip': client,
    'true-client-ip': client,
    'cf-connecting-ip': client,
    forwarded: `for=${client}`,
  }

  it('is that of the connection, whatever headers say, where no proxy is trusted', async () => {
    const { port, behind, ask } = await start()
    expect(await ask(port, client)).toBe('ok')
    expect(await ask(port, stranger)).toBe(refused(stranger))
    expect(await ask(port, stranger, forged)).toBe(refused(stranger))
    expect(await ask(port, client, { 'x-forwarded-for': stranger })).toBe('ok')
    expect(await ask(await behind(inner), client)).toBe(refused(inner))
  })

  it('is what a trusted proxy saw, not what it was told', async () => {
    const { port, behind, ask } = await start(inner)
    const proxy = await behind(inner)
    expect(await ask(proxy, client)).toBe('ok')
    expect(await ask(proxy, client, { 'x-forwarded-for': stranger })).toBe('ok')
    expect(await ask(proxy, stranger)).toBe(refused(stranger))
    expect(await ask(proxy, stranger, forged)).toBe(refused(stranger))
    expect(await ask(proxy, stranger, { 'x-forwarded-for': `${client}, ${client}` })).toBe(refused(stranger))
    // Past the proxy, nobody is believed.
    expect(await ask(port, stranger, forged)).toBe(refused(stranger))
    expect(await ask(port, client)).toBe('ok')
  })

  it('is read from right to left through two proxies, as far as they are trusted', async () => {
    const { behind, ask } = await start([inner, outer])
    const both = await behind(outer, await behind(inner))
    expect(await ask(both, client)).toBe('ok')
    expect(await ask(both, stranger)).toBe(refused(stranger))
    expect(await ask(both, stranger, forged)).toBe(refused(stranger))
    expect(await ask(both, stranger, { 'x-forwarded-for': `${client}, ${outer}` })).toBe(refused(stranger))

    const innerOnly = await start(inner)
    const through = await innerOnly.behind(outer, await innerOnly.behind(inner))
    expect(await innerOnly.ask(through, client)).toBe(refused(outer))
    expect(await innerOnly.ask(through, client, { 'x-forwarded-for': client })).toBe(refused(outer))
  })

  it('is that of IPv4 where the server listens for both', async () => {
    const { app, log } = await createApp(database())
    onTestFinished(() => app.close())
    const { secret } = await createKey(app, 'acme', { allowedIps: [client] })
    const port = Number(new URL(await app.listen({ port: 0, host: '::' })).port)
    const ask = (way: { host?: string; from: string }) => get({ port, ...way }, '/any', bearer(secret))
    expect((await ask({ from: client })).status).toBe(200)
    expect(log.text()).toContain(`"remoteAddress":"::ffff:${client}"`)
    expect((await ask({ from: stranger })).body).toContain(refused(stranger))
    expect((await ask({ host: '::1', from: '' })).body).toContain(refused('::1'))
  })

  it('is none on a Unix socket, unless what is in front of it is trusted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-socket-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const ask = async (trustProxy?: FastifyServerOptions['trustProxy']) => {
      const { app } = await createApp(database(), {}, trustProxy ? { trustProxy } : {})
      onTestFinished(() => app.close())
      const { secret } = await createKey(app, 'acme', { allowedIps: [client] })
      const socketPath = join(folder, typeof trustProxy)
      await app.listen({ path: socketPath })
      const headers = { ...bearer(secret), 'x-forwarded-for': `${stranger}, ${client}` }
      return new Promise<number>((resolve, reject) => {
        sendRequest({ socketPath, path: '/any', headers }, (reply) => resolve(reply.statusCode!))
          .on('error', reject)
          .end()
      })
    }
    expect(await ask()).toBe(403)
    expect(await ask((_, hop) => hop === 0)).toBe(200)
  })

  it('is not known when a trusted proxy writes what is no address', async () => {
    const { port, ask } = await start(inner, ['0.0.0.0/0', '::/0'])
    const unknown = 'The API key is bound to addresses, and that of this request is not known.'
    for (const address of ['unknown', '192.0.2.7:4711', '_hidden', '192.0.02.7']) {
      expect(await ask(port, inner, { 'x-forwarded-for': address })).toBe(unknown)
    }
    expect(await ask(port, inner, { 'x-forwarded-for': '192.0.2.7' })).toBe('ok')
  })
})

describe('browsers', () => {
  const database = useEmbeddedDatabase()
  async function start(fields: object) {
    const { app } = await createApp(database())
    onTestFinished(() => app.close())
    const { secret } = await createKey(app, 'acme', fields)
    const url = (await app.listen({ port: 0, host: '127.0.0.1' })) + '/any'
    const use = (headers: Record<string, string> = {}) =>
      app.inject({ url: '/any', headers: { ...bearer(secret), ...headers } })
    return { app, secret, url, use }
  }

  it('are told by what no page can leave out, and the fetch of Node is none', async () => {
    const { secret, url, use } = await start({ blockBrowsers: true })
    for (const headers of [
      { origin: page },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
      { 'sec-fetch-dest': 'empty' },
    ]) {
      const problem = expectProblem(await use(headers), 'browser_not_allowed')
      expect(problem.detail).toMatch(/must not stand in a web page/)
    }
    expect((await use({ 'user-agent': 'curl/8.0' })).statusCode).toBe(200)
    expect((await fetch(url, { headers: bearer(secret) })).status).toBe(200)
    expect((await fetch(url, { headers: { ...bearer(secret), origin: page } })).status).toBe(403)
  })

  it('use a key on its pages only', async () => {
    const { use } = await start({ allowedOrigins: [page, 'https://*.example.org'] })
    expect((await use({ origin: page })).statusCode).toBe(200)
    expect((await use({ origin: 'https://a.b.example.org' })).statusCode).toBe(200)
    for (const origin of [
      'https://evil.example',
      'null',
      `${page}.evil.example`,
      'https://example.org',
      '',
    ]) {
      const problem = expectProblem(await use({ origin }), 'origin_not_allowed')
      expect(problem.detail).not.toContain('example.com')
    }
    expectProblem(await use(), 'origin_not_allowed')
    expectProblem(await use({ referer: `${page}/cart` }), 'origin_not_allowed')
  })

  it('name no origin when they fetch from where their page came from, and say so', async () => {
    const { app, secret, use } = await start({ allowedOrigins: ['http://shop.example.com'] })
    const sameSite = (site: string, host = 'shop.example.com') => use({ host, 'sec-fetch-site': site })
    expect((await sameSite('same-origin')).statusCode).toBe(200)
    expectProblem(await sameSite('same-site'), 'origin_not_allowed')
    expectProblem(await sameSite('cross-site'), 'origin_not_allowed')
    expectProblem(await sameSite('none'), 'origin_not_allowed')
    expectProblem(await sameSite('same-origin', 'other.example.com'), 'origin_not_allowed')
    // Which a page may not be told by a header that anybody can set.
    const forged = await app.inject({
      url: '/any',
      headers: {
        ...bearer(secret),
        host: 'other.example.com',
        'x-forwarded-host': 'shop.example.com',
        'sec-fetch-site': 'same-origin',
      },
    })
    expectProblem(forged, 'origin_not_allowed')
  })

  it('send one origin, so two are none', async () => {
    const { app, secret } = await start({ allowedOrigins: [page] })
    const { port } = app.addresses()[0]!
    const raw = (origins: string[]) =>
      sendRaw(
        port,
        `GET /any HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${secret}\r\nConnection: close\r\n` +
          `${origins.map((origin) => `Origin: ${origin}\r\n`).join('')}\r\n`,
      )
    expect((await raw([page]))?.status).toBe(200)
    expect((await raw([page, 'https://evil.example']))?.status).toBe(403)
    expect((await raw(['https://evil.example', page]))?.status).toBe(403)
  })
})
