/** Secrets beside the database without which nothing in it can be compared with a key. The same on every node. */
export interface PepperOptions {
  /** The one under which new secrets are stored; null: none yet, while some nodes do not know any. */
  current: string | null
  /**
   * Each by a name of yours, the oldest first: at least 32 random bytes, or text of as many. Never stored. One that is
   * undefined, as a variable of the environment that is not set, is refused.
   */
  keys: Readonly<Record<string, string | Uint8Array | undefined>>
}

const MIN_BYTES = 32
const MIN_DIFFERENT = 8
/** A letter first: JavaScript would put names that are numbers before all others, and the order counts. */
const NAME = /^[a-z][a-z0-9_-]{0,31}$/
/** Words of more than five letters: shorter ones come out of a random generator now and then. */
const PLACEHOLDER = /change.?(me|this|it)|placeholder|example|replace|default|password|secret|pepper/i
const HOW = 'Make one with: openssl rand -base64 32'

/** Reads and checks peppers: names and bytes, oldest first. @throws Error, a sentence that never holds one. */
export function readPeppers({ current, keys }: PepperOptions): ReadonlyMap<string, Buffer> {
  if (typeof keys !== 'object' || (keys as unknown) === null || Object.keys(keys).length === 0) {
    throw new Error('peppers.keys must have at least one pepper: { p1: process.env.PEPPER_1 }.')
  }
  const peppers = new Map(Object.entries(keys).map(([name, key]) => [name, readPepper(name, key)]))
  const names = [...peppers.keys()]
  for (const [name, bytes] of peppers) {
    const twin = names.find((other) => other !== name && bytes.equals(peppers.get(other)!))
    if (twin !== undefined)
      throw new Error(`peppers.keys.${name} is the same as peppers.keys.${twin}. ${HOW}`)
  }
  if (current !== null && !peppers.has(current)) {
    throw new Error(
      `peppers.current must be one of peppers.keys (${names.join(', ')}), or null for none yet.`,
    )
  }
  return peppers
}

function readPepper(name: string, key: unknown): Buffer {
  if (!NAME.test(name)) {
    throw new Error('peppers.keys must have names of 1 to 32 of a-z, 0-9, "_" and "-", a letter first.')
  }
  const option = `peppers.keys.${name}`
  if (key === undefined || key === null || key === '') throw new Error(`${option} is missing. ${HOW}`)
  if (typeof key !== 'string' && !(key instanceof Uint8Array)) {
    throw new Error(`${option} must be text or bytes. ${HOW}`)
  }
  const bytes = Buffer.from(key as Uint8Array)
  if (bytes.length < MIN_BYTES) throw new Error(`${option} is shorter than ${MIN_BYTES} bytes. ${HOW}`)
  if (isPlaceholder(bytes)) throw new Error(`${option} is a placeholder, not random. ${HOW}`)
  return bytes
}

/** Words, repetitions and rows of neighbours, none of which comes out of a random generator. */
function isPlaceholder(bytes: Buffer): boolean {
  if (PLACEHOLDER.test(bytes.toString('latin1')) || new Set(bytes).size < MIN_DIFFERENT) return true
  const isPeriod = (length: number) => bytes.every((byte, at) => at < length || byte === bytes[at - length])
  for (let length = 1; length <= bytes.length / 2; length++) if (isPeriod(length)) return true
  const neighbours = bytes.filter((byte, at) => at > 0 && Math.abs(byte - bytes[at - 1]!) <= 1)
  return neighbours.length > bytes.length / 2
}
