import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { dashboardUrl } from './api.ts'

/** How an authenticator may misbehave, or be asked by a page of somebody else. */
export interface Behaviour {
  origin?: string
  rpId?: string
  /** Whether it knew its person. */
  userVerified?: boolean
  counter?: number
}

interface Challenge {
  challenge: string
}

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest()
const base64url = (bytes: Buffer) => bytes.toString('base64url')

/** What a browser and a device make of a challenge (WebAuthn), with one passkey on ES256. */
export function createAuthenticator() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const credentialId = randomBytes(32)
  const id = base64url(credentialId)

  const clientData = (type: string, { challenge }: Challenge, { origin = dashboardUrl.origin }: Behaviour) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))

  function authenticatorData(
    { rpId = dashboardUrl.hostname, userVerified = true, counter = 0 }: Behaviour,
    attested?: Buffer,
  ) {
    const flags = 0x01 | (userVerified ? 0x04 : 0) | 0x08 | 0x10 | (attested ? 0x40 : 0)
    const rest = Buffer.alloc(5)
    rest.writeUInt8(flags, 0)
    rest.writeUInt32BE(counter, 1)
    return Buffer.concat([sha256(rpId), rest, attested ?? Buffer.alloc(0)])
  }

  return {
    id,

    /** What `navigator.credentials.create()` gives. */
    create(challenge: Challenge, behaviour: Behaviour = {}) {
      const idLength = Buffer.alloc(2)
      idLength.writeUInt16BE(credentialId.length)
      const { x, y } = publicKey.export({ format: 'jwk' })
      const attested = [Buffer.alloc(16), idLength, credentialId, coseKey(x!, y!)]
      const authData = authenticatorData(behaviour, Buffer.concat(attested))
      return {
        ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
        response: {
          clientDataJSON: base64url(clientData('webauthn.create', challenge, behaviour)),
          attestationObject: base64url(attestationObject(authData)),
          transports: ['internal'],
        },
      }
    },

    /** What `navigator.credentials.get()` gives. */
    get(challenge: Challenge, behaviour: Behaviour = {}) {
      const clientDataJSON = clientData('webauthn.get', challenge, behaviour)
      const data = authenticatorData(behaviour)
      const signature = sign('sha256', Buffer.concat([data, sha256(clientDataJSON)]), privateKey)
      return {
        ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
        response: {
          clientDataJSON: base64url(clientDataJSON),
          authenticatorData: base64url(data),
          signature: base64url(signature),
        },
      }
    },
  }
}

/** The public key as CBOR: `{1: 2, 3: -7, -1: 1, -2: x, -3: y}` (RFC 9053). */
function coseKey(x: string, y: string): Buffer {
  const coordinate = (text: string) =>
    Buffer.concat([Buffer.from([0x58, 32]), Buffer.from(text, 'base64url')])
  return Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
    coordinate(x),
    Buffer.from([0x22]),
    coordinate(y),
  ])
}

/** `{fmt: "none", attStmt: {}, authData}` as CBOR. */
function attestationObject(authData: Buffer): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([0x60 | value.length]), Buffer.from(value)])
  const length = Buffer.from([0x58, authData.length])
  return Buffer.concat([
    Buffer.from([0xa3]),
    ...[text('fmt'), text('none')],
    ...[text('attStmt'), Buffer.from([0xa0])],
    ...[text('authData'), length, authData],
  ])
}
