import { Type } from 'typebox'
import { password } from './schemas.ts'

const strict = { additionalProperties: false }

const recoveryCodes = Type.Array(Type.String({ examples: ['aB3dE-fG7hJ'] }), {
  description: 'Each works once, instead of a code of the app. Shown this once.',
})

export const PasswordProof = Type.Object({ password }, strict)

export const AppCode = Type.Object(
  { code: Type.String({ pattern: '^[0-9]{6}$', description: 'What the app shows.', examples: ['123456'] }) },
  strict,
)

export const SecondStep = Type.Object(
  {
    code: Type.String({ minLength: 1, maxLength: 32, pattern: '^[0-9A-Za-z-]+$' }),
    method: Type.Enum(['app', 'recovery'], {
      type: 'string',
      description: 'Whether it is a code of the app, or one of the recovery codes.',
    }),
  },
  strict,
)

export const SecondFactorStatus = Type.Object(
  {
    enabled: Type.Boolean({ description: 'Whether signing in asks for a code.' }),
    pending: Type.Boolean({ description: 'Whether it was begun and not confirmed yet.' }),
    recoveryCodesLeft: Type.Integer(),
  },
  { description: 'Whether a password alone signs you in.' },
)

export const Enrolment = Type.Object(
  {
    uri: Type.String({ description: '`otpauth://`, for a picture that the app reads.' }),
    secret: Type.String({ description: 'The same for those who type it.' }),
    recoveryCodes,
  },
  { description: 'What to set the app up with. Shown this once.' },
)

export const RecoveryCodes = Type.Object({ recoveryCodes }, { description: 'Those before no longer work.' })
