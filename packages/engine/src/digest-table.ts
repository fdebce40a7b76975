import { randomBytes } from 'node:crypto'

const MIN_SLOTS = 1_024

/** How a {@link DigestTable} is bounded. */
export interface DigestTableOptions<T> {
  maxEntries: number
  maxBytes: number
  /** The part of its lifetime for which a value is given without being confirmed: above 0, at most 1. */
  unconfirmedPart: number
  /** How much memory a value takes; always the same for the same value. */
  bytesOf: (value: T) => number
}

/** Times are kept from a point that is never further away than this: numbers so small need no memory of their own. */
const MAX_ELAPSED_MS = 2 ** 30

/**
 * A bounded table of values by SHA-256 digest, each with a time after which it is no longer given. Before that, a
 * value is given only while it was read or confirmed a short time ago; all of them are confirmed at once. When the
 * table is full, what expired goes first, then what was not read for longest (second chance).
 *
 * A digest is uniformly random already, so its first bytes say where to look. A `Map` would hash it once more, at
 * a third of the cost of the digest itself, and needs twice the memory. The bytes are mixed with numbers that only
 * this process knows: whoever searches for secrets with digests that begin alike cannot make them collide here.
 */
export class DigestTable<T> {
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #unconfirmedPart: number
  readonly #bytesOf: (value: T) => number
  readonly #mixers = new Int32Array(new Uint8Array(randomBytes(8)).buffer).map((mixer) => mixer | 1)
  #slots: (Entry<T> | undefined)[] = new Array<undefined>(MIN_SLOTS).fill(undefined)
  #shift = 32 - Math.log2(MIN_SLOTS)
  #size = 0
  #bytes = 0
  #hand = 0
  #startMs = 0
  #confirmedMs = -Infinity

  constructor({ maxEntries, maxBytes, unconfirmedPart, bytesOf }: DigestTableOptions<T>) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
    this.#unconfirmedPart = unconfirmedPart
    this.#bytesOf = bytesOf
  }

  get size(): number {
    return this.#size
  }

  /** Bytes of all values, as they were told. */
  get bytes(): number {
    return this.#bytes
  }

  /** The value, or undefined when there is none whose time is not over. */
  get(digest: string, nowMs: number): T | undefined {
    const entry = this.#slots[this.#find(digest)]
    if (entry === undefined) return undefined
    if (!this.#isAlive(entry, nowMs)) {
      this.delete(digest)
      return undefined
    }
    entry.isUsed = true
    return entry.value
  }

  /** Every value that is there was still right at this moment. */
  confirm(atMs: number): void {
    this.#confirmedMs = atMs
  }

  /** @param lifetimeMs after which it is no longer given, whatever confirms it; from `readMs` on, when it was right. */
  set(digest: string, value: T, { readMs, lifetimeMs }: { readMs: number; lifetimeMs: number }): void {
    if (Math.abs(readMs - this.#startMs) > MAX_ELAPSED_MS) {
      this.clear()
      this.#startMs = readMs
    }
    this.delete(digest)
    const bytes = this.#bytesOf(value)
    while (this.#size >= this.#maxEntries || (this.#bytes + bytes > this.#maxBytes && this.#size > 0)) {
      this.#evict(readMs)
    }
    if (this.#size * 2 >= this.#slots.length) this.#grow()
    // A difference of large numbers would be kept apart from its entry, as if it were large itself.
    const readAt = (readMs - this.#startMs) | 0
    this.#slots[this.#find(digest)] = {
      digest,
      value,
      readAt,
      endsAt: (readAt + lifetimeMs) | 0,
      isUsed: false,
    }
    this.#size++
    this.#bytes += bytes
  }

  delete(digest: string): void {
    const slot = this.#find(digest)
    if (this.#slots[slot] !== undefined) this.#remove(slot)
  }

  clear(): void {
    this.#slots = new Array<undefined>(MIN_SLOTS).fill(undefined)
    this.#shift = 32 - Math.log2(MIN_SLOTS)
    this.#size = 0
    this.#bytes = 0
    this.#hand = 0
  }

  /** When the clock was set back to before the entry was read, there is no telling how old it is. */
  #isAlive({ readAt, endsAt }: Entry<T>, nowMs: number): boolean {
    const at = nowMs - this.#startMs
    if (at < readAt || at >= endsAt) return false
    const trustedMs = (endsAt - readAt) * this.#unconfirmedPart
    if (at - readAt < trustedMs) return true
    const unconfirmedMs = nowMs - this.#confirmedMs
    return unconfirmedMs >= 0 && unconfirmedMs < trustedMs
  }

  /** Where the digest is, or else the free slot where it belongs. */
  #find(digest: string): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = this.#home(digest)
    for (;;) {
      const entry = slots[slot]
      if (entry === undefined || entry.digest === digest) return slot
      slot = (slot + 1) & mask
    }
  }

  /** The highest bits of a product depend on every bit below. */
  #home(digest: string): number {
    const mixed = Math.imul(word(digest, 0), this.#mixers[0]!) + Math.imul(word(digest, 4), this.#mixers[1]!)
    return (mixed | 0) >>> this.#shift
  }

  /** Moves up what a search would no longer find behind the gap. */
  #remove(slot: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    this.#size--
    this.#bytes -= this.#bytesOf(slots[slot]!.value)
    let gap = slot
    for (let next = (gap + 1) & mask; slots[next] !== undefined; next = (next + 1) & mask) {
      const home = this.#home(slots[next]!.digest)
      if (((next - home) & mask) >= ((next - gap) & mask)) {
        slots[gap] = slots[next]
        gap = next
      }
    }
    slots[gap] = undefined
  }

  #evict(nowMs: number): void {
    for (;;) {
      this.#hand = (this.#hand + 1) & (this.#slots.length - 1)
      const entry = this.#slots[this.#hand]
      if (entry === undefined) continue
      if (!entry.isUsed || !this.#isAlive(entry, nowMs)) return this.#remove(this.#hand)
      entry.isUsed = false
    }
  }

  #grow(): void {
    const entries = this.#slots
    this.#slots = new Array<undefined>(entries.length * 2).fill(undefined)
    this.#shift--
    for (const entry of entries) if (entry !== undefined) this.#slots[this.#find(entry.digest)] = entry
  }
}

interface Entry<T> {
  readonly digest: string
  readonly value: T
  /** Both in milliseconds from the table's start. */
  readonly readAt: number
  readonly endsAt: number
  /** Read since it was last passed over: a cheaper mark than moving the entry at every read. */
  isUsed: boolean
}

function word(digest: string, at: number): number {
  return (
    digest.charCodeAt(at) |
    (digest.charCodeAt(at + 1) << 8) |
    (digest.charCodeAt(at + 2) << 16) |
    (digest.charCodeAt(at + 3) << 24)
  )
}
