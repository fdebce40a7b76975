import { hmacFormat, partFormat, sha256, sha512 } from './fast-formats.ts'
import type { Format } from './import-format.ts'
import { drfFormat, slowFormat } from './slow-formats.ts'
import { parseArgon2, parseBcrypt } from './slow-hash.ts'

/** What other systems make of their keys; what each means is told in docs/import.md. */
export const IMPORT_FORMATS = [
  'sha256',
  'sha512',
  'hmac-sha256',
  'hmac-sha512',
  'bcrypt',
  'argon2',
  'better-auth',
  'unkey',
  'prefixed-api-key',
  'sanctum',
  'drf-api-key',
] as const

/** What another system made of its keys. */
export type ImportFormat = (typeof IMPORT_FORMATS)[number]

/** What the formats are made with. */
export interface FormatSettings {
  hmacKeys: ReadonlyMap<string, Uint8Array | string>
  startLength: number
}

/** Makes the formats that a host accepts. */
export function createFormats(
  names: readonly ImportFormat[],
  { hmacKeys, startLength }: FormatSettings,
): ReadonlyMap<ImportFormat, Format> {
  const byLength = {
    startOf: (text: string) => (text.length > startLength ? text.slice(0, startLength) : null),
    expected: `must be the first ${startLength} characters of the key (the option imports.startLength)`,
  }
  const make: Record<ImportFormat, () => Format> = {
    sha256: () => sha256,
    'better-auth': () => sha256,
    unkey: () => sha256,
    sha512: () => sha512,
    'hmac-sha256': () => hmacFormat('sha256', hmacKeys),
    'hmac-sha512': () => hmacFormat('sha512', hmacKeys),
    bcrypt: () => slowFormat('slow', parseBcrypt, byLength),
    argon2: () => slowFormat('slow', parseArgon2, byLength),
    'prefixed-api-key': () => partFormat('prefixed-api-key', (text) => text.lastIndexOf('_'), '_x'),
    sanctum: () => partFormat('sanctum', (text) => text.indexOf('|'), '|x'),
    'drf-api-key': drfFormat,
  }
  return new Map(names.map((name) => [name, make[name]()]))
}
