import { Type, type Static } from 'typebox'
import { email, line, plainPattern, timestamp } from '../text-schema.ts'
import { newPassword } from './schemas.ts'
import { roleNames } from './roles.ts'

const strict = { additionalProperties: false }

const role = Type.Enum([...roleNames], {
  type: 'string',
  description: 'An owner may do everything, an admin everything but make owners; a viewer changes nothing.',
})

const token = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'What stands behind the # of the link.',
})

export const IdParams = Type.Object({ id: Type.String({ maxLength: 64, pattern: plainPattern }) }, strict)

export const Member = Type.Object(
  {
    id: Type.String({ examples: ['member_01h455vb4pex5vsknk084sn02q'] }),
    userId: Type.String({ examples: ['user_01h455vb4pex5vsknk084sn02q'] }),
    name: Type.String({ examples: ['Ada Lovelace'] }),
    email: Type.String({ examples: ['ada@example.com'] }),
    role,
    createdAt: timestamp('When they came into the workspace.'),
  },
  { description: 'A person in the workspace.' },
)
export type Member = Static<typeof Member>

export const MemberList = Type.Object(
  { data: Type.Array(Member) },
  { description: 'The first to come first.' },
)

export const MemberChange = Type.Object({ role }, strict)

export const Invitation = Type.Object(
  {
    id: Type.String({ examples: ['invitation_01h455vb4pex5vsknk084sn02q'] }),
    email: Type.String({ examples: ['grace@example.com'] }),
    role,
    invitedBy: Type.String({ description: 'Who invited, by name.', examples: ['Ada Lovelace'] }),
    createdAt: timestamp('When the link was made.'),
    expiresAt: timestamp('When the link ends unless it is used before.'),
  },
  { description: 'An invitation that nobody has accepted yet.' },
)
export type Invitation = Static<typeof Invitation>

export const InvitationList = Type.Object(
  { data: Type.Array(Invitation) },
  { description: 'The newest first. Those that ended are not among them.' },
)

export const NewInvitation = Type.Object({ email: email('Who may accept it.'), role }, strict)

export const CreatedInvitation = Type.Object(
  {
    invitation: Invitation,
    token: Type.String({ description: 'Shown this once. It belongs behind the #.' }),
  },
  { description: 'The invitation, and what its link is made of.' },
)

export const InvitationToken = Type.Object({ token }, strict)

export const OpenInvitation = Type.Object(
  {
    workspace: Type.Object({ id: Type.String(), name: Type.String() }),
    email: Type.String(),
    role,
    invitedBy: Type.String({ description: 'Who invited, by name.' }),
    expiresAt: timestamp('When the link ends unless it is used before.'),
    hasAccount: Type.Boolean({ description: 'Whether the e-mail address has an account already.' }),
  },
  { description: 'What a link invites to.' },
)

export const Acceptance = Type.Object(
  { token, name: line(100, 'What to call you.'), password: newPassword },
  strict,
)

export const WorkspaceChoice = Type.Object(
  { workspaceId: Type.String({ minLength: 1, maxLength: 64, pattern: plainPattern }) },
  strict,
)
