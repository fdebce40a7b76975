import { Type, type Static } from 'typebox'
import { maxEmailLength } from '../email.ts'
import { SuspensionOrNull } from '../operator/schemas.ts'
import { email, line, plainPattern, timestamp } from '../text-schema.ts'
import { maxPasswordLength, minPasswordLength } from './password.ts'
import { roleNames } from './roles.ts'

const strict = { additionalProperties: false }

/** A password that somebody has: it may be as short as the rules once allowed. */
export const password = Type.String({
  minLength: 1,
  maxLength: maxPasswordLength,
  format: 'password',
  description: 'Compared byte for byte.',
})

export const newPassword = Type.String({
  minLength: minPasswordLength,
  maxLength: maxPasswordLength,
  format: 'password',
  description: 'Long, and not one that everybody tries first. Any characters will do, blanks too.',
})

export const SetUpStatus = Type.Object(
  { needed: Type.Boolean({ description: 'Whether the first account is still to be created.' }) },
  { description: 'Whether anybody has an account yet.' },
)

export const SetUpBody = Type.Object(
  {
    token: Type.String({
      minLength: 1,
      maxLength: 128,
      description: 'What stands behind the # of the set-up link.',
    }),
    name: line(100, 'What to call you.'),
    email: email('What you will sign in with.'),
    password: newPassword,
    workspaceName: line(100, 'What to call your workspace.'),
  },
  strict,
)
export type SetUpBody = Static<typeof SetUpBody>

export const Credentials = Type.Object(
  {
    // No more is asked of it: an address that nobody can have is refused like any that nobody has.
    email: Type.String({
      minLength: 1,
      maxLength: maxEmailLength,
      pattern: plainPattern,
      description: 'In any case.',
    }),
    password,
  },
  strict,
)

export const PasswordChange = Type.Object({ currentPassword: password, newPassword }, strict)

export const Session = Type.Object(
  {
    user: Type.Object({ id: Type.String(), name: Type.String(), email: Type.String() }),
    workspace: Type.Object({ id: Type.String(), name: Type.String() }),
    otherWorkspaces: Type.Array(Type.Object({ id: Type.String(), name: Type.String() }), {
      description: 'Where you could go.',
    }),
    role: Type.Enum([...roleNames], {
      type: 'string',
      description: 'What you are in the workspace. A viewer changes nothing.',
    }),
    suspension: SuspensionOrNull,
    operator: Type.Boolean({
      description: 'Whether you run this platform, whatever your role in the workspace.',
    }),
    expiresAt: timestamp('When the session ends unless it is used before.'),
  },
  { description: 'Who is signed in, and where.' },
)
export type Session = Static<typeof Session>

export const LiveSession = Type.Object(
  {
    id: Type.String({ examples: ['session_01h455vb4pex5vsknk084sn02q'] }),
    userAgent: Type.String({ description: 'What the browser calls itself.' }),
    address: Type.String({ description: 'From where it was begun; empty when that is not known.' }),
    createdAt: timestamp('When the person signed in.'),
    lastUsedAt: timestamp('When it was last used. A minute behind at most.'),
    expiresAt: timestamp('When it ends unless it is used before.'),
    current: Type.Boolean({ description: 'Whether it is the session of this request.' }),
  },
  { description: 'Where you are signed in.' },
)
export type LiveSession = Static<typeof LiveSession>

export const SessionList = Type.Object(
  { data: Type.Array(LiveSession) },
  { description: 'The last used first. Those that are over are not among them.' },
)
