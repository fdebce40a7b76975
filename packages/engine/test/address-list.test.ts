import { isIPv4 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalAddress, checkAllowedIps, createAddressList, MAX_ALLOWED_IPS } from '../src/address-list.ts'

describe('a list of addresses', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7/32', '192.0.2.7'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8::0001/128', '2001:db8::1'],
    ['2001:db8:0:0::/64', '2001:db8::/64'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:C000:0207', '192.0.2.7'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
  ])('keeps %s as %s', (entry, kept) => {
    expect(checkAllowedIps([entry])).toEqual({ ok: true, value: [kept] })
  })

  it.each([
    '',
    ' 192.0.2.7',
    '192.0.2.7 ',
    '192.0.2',
    '192.0.2.256',
    '192.0.02.7',
    '0300.0.2.7',
    '0xC0.0.2.7',
    '3221225991',
    '192.0.2.7:443',
    '[2001:db8::1]',
    'fe80::1%eth0',
    'fe80::%eth0/64',
    '2001:db8:::1',
    '::ffff:192.0.02.7',
    'example.com',
    '*',
    '192.0.2.*',
    '192.0.2.0/33',
    '2001:db8::/129',
    '192.0.2.0/024',
    '192.0.2.0/',
    '192.0.2.0/-1',
    '192.0.2.0/+24',
    '192.0.2.0/24/24',
    '192.0.2.0/255.255.255.0',
    42,
    null,
  ])('refuses %j', (entry) => {
    expect(checkAllowedIps([entry])).toMatchObject({ ok: false, field: 'allowedIps' })
  })

  it.each([
    ['10.0.0.1/8', '10.0.0.0/8'],
    ['192.0.2.129/25', '192.0.2.128/25'],
    ['2001:db8::1/32', '2001:db8::/32'],
    ['::ffff:10.1.0.0/104', '10.0.0.0/8'],
  ])('refuses %s, which names one address and a range, and says that the range is %s', (entry, range) => {
    expect(checkAllowedIps([entry])).toMatchObject({
      ok: false,
      message: expect.stringMatching(new RegExp(` is ${range.replaceAll('.', '\\.')}$`)) as string,
    })
  })

  it('holds each entry once, and only so many', () => {
    expect(checkAllowedIps(['::ffff:192.0.2.7', '192.0.2.7', '192.0.2.7/32'])).toEqual({
      ok: true,
      value: ['192.0.2.7'],
    })
    const many = Array.from({ length: MAX_ALLOWED_IPS }, (_, i) => `192.0.2.${i}`)
    expect(checkAllowedIps(many).ok).toBe(true)
    expect(checkAllowedIps([...many, '192.0.2.200'])).toMatchObject({
      ok: false,
      message: 'must be at most 50',
    })
    expect(checkAllowedIps('192.0.2.7')).toMatchObject({ ok: false })
  })

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['unknown', null],
    ['192.0.2.7:8080', null],
    ['192.0.02.7', null],
    ['', null],
    [undefined, null],
    [null, null],
  ])('sees the client %s as %s', (ip, address) => {
    expect(canonicalAddress(ip)).toBe(address)
  })
})

/** An address as a number, in a family: the simplest thing that can be compared. */
interface Plain {
  version: 4 | 6
  value: bigint
}

const v4 = fc.nat(0xffffffff).map((n): Plain => ({ version: 4, value: BigInt(n) }))
// Most addresses share long beginnings, or a range would never hold any of them.
const v6 = fc
  .tuple(fc.constantFrom(0n, 0x20010db8n << 96n, 0xffffn << 32n), fc.nat(0xffffffff))
  .map(([high, low]): Plain => ({ version: 6, value: high + BigInt(low) }))
  .map((plain): Plain =>
    plain.value >> 32n === 0xffffn ? { version: 4, value: plain.value & 0xffffffffn } : plain,
  )
const plains = fc.oneof(v4, v6)

function write({ version, value }: Plain): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
  return Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16)).join(
    ':',
  )
}

/** One of the ways to write the same address. */
function spell(plain: Plain, way: number): string {
  const text = write(plain)
  if (plain.version === 4) return [text, `::ffff:${text}`, `0:0:0:0:0:FFFF:${text}`][way % 3]!
  return way % 2 === 0
    ? text
    : text.toUpperCase().replace(/\b(\w{1,3})\b/g, (group) => group.padStart(4, '0'))
}

const bits = ({ version }: Plain) => (version === 4 ? 32 : 128)
const cut = ({ value, ...plain }: Plain, length: number): Plain => {
  const free = BigInt(bits({ value, ...plain }) - length)
  return { ...plain, value: (value >> free) << free }
}

const ranges = fc.tuple(plains, fc.nat(128), fc.nat(5)).map(([plain, n, way]) => {
  const length = n % (bits(plain) + 1)
  const network = cut(plain, length)
  const text = spell(network, way)
  const written = plain.version === 4 && text.includes(':') ? length + 96 : length
  return { network, length, entry: `${text}/${written}` }
})

describe('any list of addresses', () => {
  it('holds exactly what arithmetic says, however addresses are written', () => {
    let held = 0
    fc.assert(
      fc.property(fc.array(ranges, { minLength: 1, maxLength: 5 }), plains, fc.nat(5), (list, plain, way) => {
        const checked = checkAllowedIps(list.map(({ entry }) => entry))
        if (!checked.ok) throw new Error(checked.message)
        const address = canonicalAddress(spell(plain, way))!
        const expected = list.some(
          ({ network, length }) =>
            network.version === plain.version && cut(plain, length).value === network.value,
        )
        expect(createAddressList(checked.value).has(address)).toBe(expected)
        if (expected) held++
      }),
      { numRuns: 2_000 },
    )
    expect(held).toBeGreaterThan(100)
  })

  it('is spelt in one way, which is its own spelling', () => {
    fc.assert(
      fc.property(ranges, fc.nat(5), ({ entry, network, length }, way) => {
        const once = checkAllowedIps([entry])
        if (!once.ok) throw new Error(once.message)
        expect(checkAllowedIps(once.value)).toEqual(once)
        const offset = network.version === 4 && spell(network, way).includes(':') ? 96 : 0
        expect(checkAllowedIps([`${spell(network, way)}/${length + offset}`])).toEqual(once)
        expect(isIPv4(once.value[0]!.split('/')[0]!)).toBe(network.version === 4)
      }),
    )
  })

  it('takes no text that it does not understand', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcdef:./%x ') }), (text) => {
        const checked = checkAllowedIps([text])
        if (checked.ok) {
          expect(checkAllowedIps(checked.value)).toEqual(checked)
          expect(text).not.toMatch(/[%x ]/)
        } else expect(checked.field).toBe('allowedIps')
      }),
      { examples: [['::'], ['10.0.0.0/8'], ['10.0.0.0%1']] },
    )
  })
})
