import { BlockList, isIP, type IPVersion } from 'node:net'
import ipaddr from 'ipaddr.js'
import { invalid, type Checked } from './checked.ts'

export const MAX_ALLOWED_IPS = 50

const RULE = 'must be IPv4 or IPv6 addresses, or ranges of them such as 192.0.2.0/24'
const PREFIX = /^(?:0|[1-9]\d{0,2})$/

/** Addresses and ranges, of which one address is or is not. */
export interface AddressList {
  /** @param address as {@link canonicalAddress} spells it. */
  has(address: string): boolean
}

/**
 * The one spelling of an address: an IPv4 address within an IPv6 one becomes itself, and a zone, which means something
 * on one machine only, is left out. null for anything that is no address.
 */
export function canonicalAddress(ip: string | null | undefined): string | null {
  if (typeof ip !== 'string') return null
  if (isIP(ip) === 4) return ip
  return isIP(ip) === 6 ? ipaddr.process(ip.split('%', 1)[0]!).toString() : null
}

/** Checks a list from outside, and brings each entry into its one spelling. One that is there twice is kept once. */
export function checkAllowedIps(allowedIps: unknown): Checked<readonly string[]> {
  if (!Array.isArray(allowedIps)) return invalid('allowedIps', 'must be a list')
  if (allowedIps.length > MAX_ALLOWED_IPS) return invalid('allowedIps', `must be at most ${MAX_ALLOWED_IPS}`)
  const ranges = new Set<string>()
  for (const entry of allowedIps as unknown[]) {
    const range = readRange(entry)
    if (!range.ok) return range
    ranges.add(range.value)
  }
  return { ok: true, value: [...ranges] }
}

/** No guesses: what could be meant in two ways, as leading zeros or bits outside of a range, is refused. */
function readRange(entry: unknown): Checked<string> {
  if (typeof entry !== 'string') return invalid('allowedIps', RULE)
  const [text, prefix, ...rest] = entry.split('/')
  if (isIP(text!) === 0 || text!.includes('%') || rest.length > 0) {
    return invalid('allowedIps', `${RULE}; ${quote(entry)} is neither`)
  }
  if (prefix === undefined) return { ok: true, value: canonicalAddress(text)! }
  const address = ipaddr.parse(text!)
  const length = Number(prefix)
  if (!PREFIX.test(prefix) || length > bitsOf(address)) {
    return invalid('allowedIps', `${RULE}; the number of bits in ${quote(entry)} is not possible`)
  }
  const network = networkOf(address, length)
  if (network.toString() !== address.toString()) {
    const range = canonicalRange(network, length)
    return invalid(
      'allowedIps',
      `must be ranges that begin with their first address; the one of ${quote(entry)} is ${range}`,
    )
  }
  return { ok: true, value: canonicalRange(network, length) }
}

type Address = ReturnType<typeof ipaddr.parse>

function bitsOf(address: Address): number {
  return address instanceof ipaddr.IPv6 ? 128 : 32
}

function networkOf(address: Address, length: number): Address {
  const cidr = `${address.toString()}/${length}`
  return address instanceof ipaddr.IPv6
    ? ipaddr.IPv6.networkAddressFromCIDR(cidr)
    : ipaddr.IPv4.networkAddressFromCIDR(cidr)
}

function canonicalRange(network: Address, length: number): string {
  if (network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress()) {
    return canonicalRange(network.toIPv4Address(), length - 96)
  }
  return length === bitsOf(network) ? network.toString() : `${network.toString()}/${length}`
}

/** What somebody wrote, short enough to be repeated. */
function quote(entry: string): string {
  return JSON.stringify(entry.slice(0, 60))
}

/**
 * Makes a list of entries that were checked. There is one for each family, since an IPv6 range holds no IPv4 address,
 * not even `::/0`.
 */
export function createAddressList(ranges: readonly string[]): AddressList {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const range of ranges) {
    const [network, prefix] = range.split('/')
    const family = familyOf(network!)
    if (prefix === undefined) lists[family].addAddress(network!, family)
    else lists[family].addSubnet(network!, Number(prefix), family)
  }
  return {
    has(address) {
      const family = familyOf(address)
      return lists[family].check(address, family)
    },
  }
}

function familyOf(address: string): IPVersion {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}
