import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey } from 'jose'
import { StoreUnavailable } from './store-unavailable.ts'

/** The one algorithm of every token: Ed25519, as RFC 8037 names it, since more verifiers know that than RFC 9864's name. */
export const SIGNING_ALGORITHM = 'EdDSA'

/** What everybody may know of a key: what a token's signature is checked with. */
export interface PublicSigningKey {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
  readonly use: 'sig'
  readonly alg: typeof SIGNING_ALGORITHM
  readonly kid: string
}

/** A key as it is stored. */
export interface SealedSigningKey {
  /** Its thumbprint (RFC 7638). */
  readonly kid: string
  /** It signs from then on, until another one does. */
  readonly signsFromMs: number
  /** Both halves of it, encrypted. */
  readonly sealed: Uint8Array
}

/** A key that can sign. Its private half cannot be read out of it. */
export interface SigningKey {
  readonly kid: string
  readonly signsFromMs: number
  readonly privateKey: CryptoKey
  readonly publicKey: PublicSigningKey
}

/** Makes keys and opens those that were made. */
export interface SigningKeyVault {
  make(signsFromMs: number): Promise<SealedSigningKey>
  /** @throws StoreUnavailable when it was sealed with another encryption key, for another namespace, or changed since. */
  open(sealedKey: SealedSigningKey): Promise<SigningKey>
}

const NONCE_LENGTH = 12
const TAG_LENGTH = 16
const CIPHER = 'aes-256-gcm'

/**
 * Makes the vault of one namespace. A key is sealed whole, so what is published is what was made here: whoever can write
 * to the database, but has not the encryption key, can add none of their own.
 */
export function createSigningKeyVault(encryptionKey: Uint8Array, namespace: string): SigningKeyVault {
  const wrappingKey = Buffer.from(hkdfSync('sha256', encryptionKey, '', 'latchkey signing keys', 32))
  const boundTo = (kid: string) => Buffer.from(JSON.stringify([namespace, kid]))

  function seal(kid: string, text: string): Buffer {
    const nonce = randomBytes(NONCE_LENGTH)
    const cipher = createCipheriv(CIPHER, wrappingKey, nonce).setAAD(boundTo(kid))
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed])
  }

  function unseal(kid: string, sealed: Uint8Array): string {
    const bytes = Buffer.from(sealed)
    const nonce = bytes.subarray(0, NONCE_LENGTH)
    const tag = bytes.subarray(NONCE_LENGTH, NONCE_LENGTH + TAG_LENGTH)
    const decipher = createDecipheriv(CIPHER, wrappingKey, nonce, { authTagLength: TAG_LENGTH })
      .setAAD(boundTo(kid))
      .setAuthTag(tag)
    const text = decipher.update(bytes.subarray(NONCE_LENGTH + TAG_LENGTH))
    return Buffer.concat([text, decipher.final()]).toString('utf8')
  }

  return {
    async make(signsFromMs) {
      const { privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true })
      const { kty, crv, x, d } = await exportJWK(privateKey)
      const kid = await calculateJwkThumbprint({ kty: kty!, crv: crv!, x: x! })
      return { kid, signsFromMs, sealed: seal(kid, JSON.stringify({ x, d })) }
    },

    async open({ kid, signsFromMs, sealed }) {
      try {
        const { x, d } = JSON.parse(unseal(kid, sealed)) as { x: string; d: string }
        const curve = { kty: 'OKP', crv: 'Ed25519', x } as const
        const privateKey = await importJWK({ ...curve, d }, SIGNING_ALGORITHM)
        const publicKey: PublicSigningKey = { ...curve, use: 'sig', alg: SIGNING_ALGORITHM, kid }
        return { kid, signsFromMs, privateKey, publicKey: Object.freeze(publicKey) }
      } catch {
        throw new StoreUnavailable(
          'A signing key in latchkey.signing_keys does not open with tokens.encryptionKey: give the one that it was made with, or see "Signing keys" in docs/tokens.md.',
        )
      }
    },
  }
}
