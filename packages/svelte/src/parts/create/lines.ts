import { m } from '#paraglide/messages.js'

/** Text fields that hold a list, one entry a line. */

/** The entries of a list, each once as it was written. */
export const entriesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

/** The lines that hold something which is not fine, counted from 1. */
export const wrongLines = (
  text: string,
  isFine: (entry: string) => boolean,
): { line: number; entry: string }[] =>
  text
    .split('\n')
    .map((line, index) => ({ line: index + 1, entry: line.trim() }))
    .filter(({ entry }) => entry !== '' && !isFine(entry))

const byte = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = new RegExp(`^${byte}(?:\\.${byte}){3}$`)
const ipv6 = /^[\da-f:.]*:[\da-f:.]*$/i

/** Whether a text is an address, or a range of them such as `192.0.2.0/24`. Where a range begins is for the API to judge. */
export function isAddress(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/')
  if (rest.length > 0) return false
  const isV6 = ipv6.test(address) && URL.canParse(`http://[${address}]`)
  if (!isV6 && !ipv4.test(address)) return false
  return bits === undefined || (/^(?:0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (isV6 ? 128 : 32))
}

/** Whether a text is the origin of web pages, or of all pages below a host, such as `https://*.example.com`. */
export const isOrigin = (entry: string): boolean =>
  /^https?:\/\/(?:\*\.)?[^\s/\\?#@*]+\/?$/i.test(entry) && URL.canParse(entry.replace('*.', ''))

/** A complaint that quotes an entry of a list, with the line in which that stands. */
export function atItsLine(message: string, text: string): string {
  const line = text
    .split('\n')
    .findIndex((entry) => entry.trim() && message.includes(JSON.stringify(entry.trim())))
  return line < 0 ? message : m.create_error_line({ line: line + 1, message })
}
