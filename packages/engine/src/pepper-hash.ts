import { hash } from 'node:crypto'

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
/** A power of two: about as many as a node keeps keys in memory. */
const REMEMBERED = 2 ** 18

/** Turns a digest into what is stored of it. */
export type HashDigest = (digest: string) => string

/**
 * HMAC-SHA-256 (RFC 2104) of digests, with one key. Written out as its two hashes, since they take a third of the time
 * that an object of `createHmac` takes; what does not change of both is there already.
 */
export function createPepperHash(pepper: Uint8Array): HashDigest {
  const key = pepper.length > BLOCK_BYTES ? hash('sha256', pepper, 'buffer') : pepper
  const inner = padded(key, 0x36)
  const outer = padded(key, 0x5c)

  return (digest) => {
    inner.write(digest, BLOCK_BYTES, DIGEST_BYTES, 'latin1')
    outer.write(hash('sha256', inner, 'binary'), BLOCK_BYTES, DIGEST_BYTES, 'latin1')
    return hash('sha256', outer, 'binary')
  }
}

/**
 * The same, but remembered: for keys in use it costs next to nothing. Always the same comes of a digest, so nothing that
 * is remembered here can be wrong; what shares its place with another is only made again.
 */
export function remembering(hashDigest: HashDigest, places = REMEMBERED): HashDigest {
  const digests = new Array<string>(places).fill('')
  const hashes = new Array<string>(places).fill('')
  const mask = places - 1

  return (digest) => {
    const place = (digest.charCodeAt(0) | (digest.charCodeAt(1) << 8) | (digest.charCodeAt(2) << 16)) & mask
    if (digests[place] === digest) return hashes[place]!
    const made = hashDigest(digest)
    digests[place] = digest
    hashes[place] = made
    return made
  }
}

function padded(key: Uint8Array, pad: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, pad)
  for (const [at, byte] of key.entries()) block[at] = byte ^ pad
  return block
}
