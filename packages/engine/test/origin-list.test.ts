import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkAllowedOrigins, createOriginList, MAX_ALLOWED_ORIGINS } from '../src/origin-list.ts'

describe('a list of origins', () => {
  it.each([
    ['https://app.example.com', 'https://app.example.com'],
    ['https://app.example.com/', 'https://app.example.com'],
    ['HTTPS://App.Example.COM:443', 'https://app.example.com'],
    ['http://localhost:80', 'http://localhost'],
    ['http://localhost:5173', 'http://localhost:5173'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['https://xn--bcher-kva.example', 'https://xn--bcher-kva.example'],
    ['https://[2001:DB8::1]:8443', 'https://[2001:db8::1]:8443'],
    ['https://*.example.com', 'https://*.example.com'],
    ['https://*.Bücher.example:8443', 'https://*.xn--bcher-kva.example:8443'],
  ])('keeps %s as %s', (entry, kept) => {
    expect(checkAllowedOrigins([entry])).toEqual({ ok: true, value: [kept] })
  })

  it.each([
    '',
    'null',
    '*',
    'app.example.com',
    'https://',
    'https://app.example.com/path',
    'https://app.example.com//',
    'https://app.example.com?',
    'https://app.example.com#',
    'https://ann@app.example.com',
    'https://ann:secret@app.example.com',
    'https:\\\\app.example.com',
    'https:app.example.com',
    'https:///app.example.com',
    'https://app.example.com:99999',
    'https://app example.com',
    ' https://app.example.com',
    'https://app.example.com\n',
    'ftp://app.example.com',
    'file:///tmp',
    'data:text/html,x',
    'javascript:alert(1)',
    'https://*',
    'https://*.com',
    'https://*.1.2',
    'https://*.1.2.3.4',
    'https://a.*.example.com',
    'https://a*.example.com',
    'https://*a.example.com',
    'https://*.*.example.com',
    'https://%2a.example.com',
    `https://${'a'.repeat(300)}.example.com`,
    42,
    null,
  ])('refuses %j', (entry) => {
    const checked = checkAllowedOrigins([entry])
    // A percent-encoded star is a star to a browser, so it is the same wildcard.
    if (entry === 'https://%2a.example.com') {
      return expect(checked).toEqual({ ok: true, value: ['https://*.example.com'] })
    }
    expect(checked).toMatchObject({ ok: false, field: 'allowedOrigins' })
  })

  it('holds each origin once, and only so many', () => {
    expect(checkAllowedOrigins(['https://a.example', 'https://A.example:443/'])).toMatchObject({
      value: ['https://a.example'],
    })
    const many = Array.from({ length: MAX_ALLOWED_ORIGINS }, (_, i) => `https://a${i}.example`)
    expect(checkAllowedOrigins(many).ok).toBe(true)
    expect(checkAllowedOrigins([...many, 'https://b.example'])).toMatchObject({
      message: 'must be at most 50',
    })
    expect(checkAllowedOrigins('https://a.example')).toMatchObject({ ok: false })
  })

  it.each([
    ['https://app.example.com', true],
    ['https://a.b.example.com', true],
    ['https://my_app-2.example.com', true],
    ['https://example.com', false],
    ['https://.example.com', false],
    ['https://evilexample.com', false],
    ['https://app.example.com.evil.test', false],
    ['https://evil.test/.example.com', false],
    ['https://evil.test?.example.com', false],
    ['https://evil.test#.example.com', false],
    ['https://evil.test\\.example.com', false],
    ['https://user@x.example.com', false],
    ['https://evil.test:1.example.com', false],
    ['http://app.example.com', false],
    ['https://app.example.com:8443', false],
    ['https://*.example.com', false],
    ['null', false],
    ['', false],
  ])('lets all below a host in, and nothing else: %s is %s', (origin, isIn) => {
    expect(createOriginList(['https://*.example.com']).has(origin)).toBe(isIn)
  })

  it('tells scheme, host and port apart', () => {
    const list = createOriginList(['https://app.example.com', 'http://localhost:5173'])
    expect(list.has('https://app.example.com')).toBe(true)
    expect(list.has('http://localhost:5173')).toBe(true)
    for (const other of [
      'http://app.example.com',
      'https://app.example.com:8443',
      'https://www.app.example.com',
      'http://localhost',
      'null',
    ]) {
      expect(list.has(other)).toBe(false)
    }
    expect(createOriginList([]).has('https://app.example.com')).toBe(false)
  })

  it('is spelt in one way, which is that of browsers', () => {
    const spellings = fc.tuple(
      fc.constantFrom('http', 'https', 'HTTPS'),
      fc.domain(),
      fc.constantFrom('', ':80', ':443', ':8080'),
    )
    fc.assert(
      fc.property(spellings, ([scheme, host, port]) => {
        const text = `${scheme}://${host.toUpperCase()}${port}`
        const once = checkAllowedOrigins([text])
        if (!once.ok) throw new Error(once.message)
        expect(checkAllowedOrigins(once.value)).toEqual(once)
        expect(createOriginList(once.value).has(new URL(text).origin)).toBe(true)
      }),
    )
  })
})
