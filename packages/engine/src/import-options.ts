import type { Format } from './import-format.ts'
import { createFormats, IMPORT_FORMATS, type ImportFormat } from './import-formats.ts'
import { whatSlowHashLacks, type SlowHash } from './slow-hash.ts'

/** Which keys of other systems are accepted beside Latchkey's own. The same on every node. */
export interface ImportOptions {
  /** What the other systems made of their keys. */
  formats: readonly ImportFormat[]
  /** The keys of HMACs, each by a name that rows give; they are never stored. */
  hmacKeys?: Readonly<Record<string, string | Uint8Array>> | undefined
  /** How many characters of a key are known where its hash is bcrypt or Argon2: 4 to 40. The key is found by them. */
  startLength?: number | undefined
}

/** The formats of a host, by name. */
export type Formats = ReadonlyMap<ImportFormat, Format>

export const MAX_START_LENGTH = 40
const MIN_START_LENGTH = 4
const HMAC_KEY_NAME = /^[a-z][a-z0-9_-]{0,31}$/
const KEYED: readonly ImportFormat[] = ['hmac-sha256', 'hmac-sha512']
const SALTED: readonly ImportFormat[] = ['bcrypt', 'argon2']

/** Makes the formats that the options name; none without options. @throws Error, a sentence for the developer. */
export function resolveFormats(options: ImportOptions | undefined): Formats {
  if (options === undefined) return new Map()
  const { formats, hmacKeys = {}, startLength = 0 } = options
  const isList = Array.isArray(formats) && formats.length > 0
  if (!isList || !(formats as readonly ImportFormat[]).every((name) => IMPORT_FORMATS.includes(name))) {
    throw new Error(`imports.formats must be a list of at least one of: ${IMPORT_FORMATS.join(', ')}.`)
  }
  for (const [name, key] of Object.entries(hmacKeys)) {
    if (!HMAC_KEY_NAME.test(name)) {
      throw new Error('imports.hmacKeys must have names of 1 to 32 of a-z, 0-9, "_" and "-", a letter first.')
    }
    const isKey = (typeof key === 'string' || (key as unknown) instanceof Uint8Array) && key.length > 0
    if (!isKey) throw new Error(`imports.hmacKeys.${name} must be text or bytes, and not empty.`)
  }
  if (formats.some((name: ImportFormat) => KEYED.includes(name)) && Object.keys(hmacKeys).length === 0) {
    throw new Error('imports.hmacKeys must have the key of the HMACs.')
  }
  if (formats.some((name: ImportFormat) => SALTED.includes(name)) && !isStartLength(startLength)) {
    throw new Error(
      `imports.startLength must be ${MIN_START_LENGTH} to ${MAX_START_LENGTH}: how many characters of a key are known where its hash is salted.`,
    )
  }
  return createFormats(formats, { hmacKeys: new Map(Object.entries(hmacKeys)), startLength })
}

/** Refuses formats that this process could not check. @throws Error, a sentence for the developer. */
export async function assertCheckable(formats: Formats): Promise<void> {
  for (const algorithm of ['bcrypt', 'argon2'] satisfies SlowHash['algorithm'][]) {
    const lack = formats.has(algorithm) ? await whatSlowHashLacks(algorithm) : null
    if (lack !== null) throw new Error(`The format ${algorithm} ${lack}.`)
  }
}

function isStartLength(length: number): boolean {
  return Number.isInteger(length) && length >= MIN_START_LENGTH && length <= MAX_START_LENGTH
}
