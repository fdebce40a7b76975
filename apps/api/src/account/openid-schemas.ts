import { Type } from 'typebox'
import { plainPattern, timestamp } from '../text-schema.ts'

const strict = { additionalProperties: false }

/** What stands in an address as a provider makes it. */
const parameter = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: plainPattern, description })

const provider = Type.Union([Type.Null(), Type.Object({ name: Type.String({ examples: ['Example ID'] }) })], {
  description: 'By whom people may sign in beside their password; null when that is not set up.',
})

export const OpenIdStatus = Type.Object(
  { provider },
  { description: 'Whether people may sign in by OpenID Connect.' },
)

export const OpenIdBeginning = Type.Object(
  {
    invitation: Type.Optional(
      parameter(
        128,
        'The token of an invitation, to make an account by it. Without it only those who have one get in.',
      ),
    ),
  },
  strict,
)

export const OpenIdSent = Type.Object(
  { location: Type.String({ format: 'uri', description: 'Where the browser goes now.' }) },
  { description: 'The way to the provider, for ten minutes, for the browser that gets the cookie.' },
)

export const OpenIdCallback = Type.Object(
  {
    state: parameter(256, 'As the provider sent it back.'),
    code: Type.Optional(parameter(4096, 'As the provider sent it.')),
    error: Type.Optional(parameter(256, 'As the provider sent it.')),
    iss: Type.Optional(parameter(1024, 'As the provider sent it.')),
  },
  strict,
)

export const OpenIdConnection = Type.Object(
  {
    provider,
    connectedAt: Type.Union([Type.Null(), timestamp('When you connected it.')], {
      description: 'Null while you cannot sign in by the provider.',
    }),
    hasPassword: Type.Boolean({ description: 'Whether you can sign in without the provider.' }),
  },
  { description: 'Whether you can sign in by the provider.' },
)
