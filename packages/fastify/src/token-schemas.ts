import {
  MAX_AUDIENCE_LENGTH,
  MAX_SCOPES,
  MAX_TOKEN_LIFETIME_SECONDS,
  MIN_TOKEN_LIFETIME_SECONDS,
} from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { oneOf } from './schema-types.ts'

/** What to send for a token. */
export type CreateToken = Static<typeof CreateToken>
export const CreateToken = Type.Object(
  {
    scopes: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: MAX_SCOPES,
        description: 'What the token shall allow, of what the key may do; all of that when left out.',
        examples: [['contacts:read']],
      }),
    ),
    audience: Type.Optional(
      Type.String({
        maxLength: MAX_AUDIENCE_LENGTH,
        description:
          'The service that the token is for, of those that the host names; the first when left out.',
        examples: ['https://reports.example.com'],
      }),
    ),
    lifetimeSeconds: Type.Optional(
      Type.Integer({
        minimum: MIN_TOKEN_LIFETIME_SECONDS,
        maximum: MAX_TOKEN_LIFETIME_SECONDS,
        description:
          'For how long it shall work: at most, and when left out, as long as the host has it, and never longer than its key.',
        examples: [120],
      }),
    ),
  },
  { additionalProperties: false, description: 'What the token shall be.' },
)

/** The reply to it, with the names of RFC 6749, section 5.1. */
export type CreatedToken = Static<typeof CreatedToken>
export const CreatedToken = Type.Object(
  {
    access_token: Type.String({
      description: 'A signed JWT (RFC 9068). Whoever has it can do what it allows until it expires.',
      examples: ['eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ii4uLiJ9.eyJpc3MiOiIuLi4ifQ.c2lnbmF0dXJl'],
    }),
    token_type: oneOf(['Bearer'], { description: 'How to present it: `Authorization: Bearer`.' }),
    expires_in: Type.Integer({ description: 'For how many seconds it works.', examples: [300] }),
    scope: Type.String({
      description: 'What it allows: scopes with spaces between them.',
      examples: ['contacts:read'],
    }),
  },
  { description: 'A token, shown this once.' },
)

/** The public keys, listed field by field, so that no private one is told by accident. */
export type JsonWebKeySet = Static<typeof JsonWebKeySet>
export const JsonWebKeySet = Type.Object(
  {
    keys: Type.Array(
      Type.Object({
        kty: oneOf(['OKP'], { description: 'The type of key.' }),
        crv: oneOf(['Ed25519'], { description: 'The curve.' }),
        x: Type.String({
          description: 'The public key.',
          examples: ['11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'],
        }),
        use: oneOf(['sig'], { description: 'What it is for.' }),
        alg: oneOf(['EdDSA'], { description: 'The only algorithm that it is for.' }),
        kid: Type.String({
          description: 'Its name in the header of a token.',
          examples: ['kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'],
        }),
      }),
      { description: 'Those that signed lately, the one that signs, and the next one.' },
    ),
  },
  { description: 'The public keys by which tokens are verified (RFC 7517).' },
)
