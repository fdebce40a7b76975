import { Type, type Static } from 'typebox'
import { line, timestamp } from '../text-schema.ts'

const strict = { additionalProperties: false }

const bytes = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[A-Za-z0-9_-]+$', description: 'base64url.' })

const name = line(64, 'What to call it.')

export const Passkey = Type.Object(
  {
    id: Type.String({ examples: ['passkey_01h455vb4pex5vsknk084sn02q'] }),
    name: Type.String({ examples: ['Firefox on Linux'] }),
    synced: Type.Boolean({ description: 'Whether it is kept beyond one device, as by a password manager.' }),
    createdAt: timestamp('When it was added.'),
    lastUsedAt: Type.Union([Type.Null(), timestamp('When it last signed you in.')]),
  },
  { description: 'A way to sign in without a password.' },
)
export type Passkey = Static<typeof Passkey>

export const PasskeyList = Type.Object(
  { data: Type.Array(Passkey) },
  { description: 'The first made first.' },
)

/** What the devices of browsers answer grows with their standard, so that unknown fields are left aside here. */
const credentialFields = { id: bytes(1_400), rawId: bytes(1_400), type: Type.Literal('public-key') }
const clientExtensionResults = Type.Object({}, { description: 'None is asked for.' })

export const PasskeyAttestation = Type.Object(
  {
    ...credentialFields,
    response: Type.Object({
      clientDataJSON: bytes(4_096),
      attestationObject: bytes(10_000),
      transports: Type.Optional(
        Type.Array(Type.String({ maxLength: 32, pattern: '^[a-z-]+$' }), { maxItems: 10 }),
      ),
    }),
    clientExtensionResults,
  },
  { description: 'What `navigator.credentials.create()` gave, as JSON.' },
)
export type PasskeyAttestation = Static<typeof PasskeyAttestation>

export const PasskeyAssertion = Type.Object(
  {
    ...credentialFields,
    response: Type.Object({
      clientDataJSON: bytes(4_096),
      authenticatorData: bytes(4_096),
      signature: bytes(4_096),
      userHandle: Type.Optional(bytes(128)),
    }),
    clientExtensionResults,
  },
  { description: 'What `navigator.credentials.get()` gave, as JSON.' },
)
export type PasskeyAssertion = Static<typeof PasskeyAssertion>

export const NewPasskey = Type.Object({ name, credential: PasskeyAttestation }, strict)

export const PasskeyChange = Type.Object({ name }, strict)

export const PasskeyProof = Type.Object({ credential: PasskeyAssertion }, strict)

const knownPasskeys = Type.Array(
  Type.Object({
    id: Type.String(),
    type: Type.String(),
    transports: Type.Optional(Type.Array(Type.String())),
  }),
)

export const PasskeyCreation = Type.Object(
  {
    challenge: Type.String(),
    rp: Type.Object({ id: Type.Optional(Type.String()), name: Type.String() }),
    user: Type.Object({ id: Type.String(), name: Type.String(), displayName: Type.String() }),
    pubKeyCredParams: Type.Array(Type.Object({ type: Type.String(), alg: Type.Integer() })),
    timeout: Type.Integer(),
    excludeCredentials: Type.Optional(knownPasskeys),
    authenticatorSelection: Type.Optional(
      Type.Object({
        residentKey: Type.Optional(Type.String()),
        requireResidentKey: Type.Optional(Type.Boolean()),
        userVerification: Type.Optional(Type.String()),
      }),
    ),
    attestation: Type.Optional(Type.String()),
  },
  { description: 'For `navigator.credentials.create()`. Good for five minutes and one answer.' },
)

export const PasskeyRequest = Type.Object(
  {
    challenge: Type.String(),
    rpId: Type.Optional(Type.String()),
    timeout: Type.Integer(),
    userVerification: Type.String(),
  },
  { description: 'For `navigator.credentials.get()`. Good for five minutes and one answer.' },
)
