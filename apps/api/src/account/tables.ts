import { sql } from 'drizzle-orm'
import {
  bigint,
  check,
  customType,
  index,
  pgSchema,
  text,
  timestamp,
  boolean,
  integer,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { hashToken } from './token.ts'

/** People, their sessions and their workspaces: what better-auth keeps, in a Postgres schema of its own. */
export const account = pgSchema('account')

/**
 * A column that can only ever hold the hash of a token: whatever is written to it, or compared with it, is
 * hashed on the way to the database. So no statement, ours or better-auth's, can store a token that works.
 */
const hashedToken = customType<{ data: string; driverData: string }>({
  dataType: () => 'text',
  toDriver: hashToken,
})

const at = (name: string) => timestamp(name, { withTimezone: true })
const createdAt = () => at('created_at').notNull().defaultNow()
const updatedAt = () => at('updated_at').notNull().defaultNow()

export const users = account.table('users', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email').notNull().unique(),
  emailVerified: boolean('email_verified').notNull().default(false),
  image: text('image'),
  /** Whether a password alone signs nobody in. */
  twoFactorEnabled: boolean('two_factor_enabled').notNull().default(false),
  /** What the person is to the platform, apart from any workspace: `operator`, or nothing in particular. */
  role: text('role'),
  /** These three are better-auth's, which wants them where it knows a role. Nothing here bans anybody. */
  banned: boolean('banned').notNull().default(false),
  banReason: text('ban_reason'),
  banExpires: at('ban_expires'),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
})

const userId = () =>
  text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' })

export const sessions = account.table(
  'sessions',
  {
    id: text('id').primaryKey(),
    token: hashedToken('token_hash').notNull().unique(),
    userId: userId(),
    expiresAt: at('expires_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    activeOrganizationId: text('active_workspace_id'),
    /** When its person last proved who they are: by signing in, or once more since then. */
    authenticatedAt: at('authenticated_at').notNull().defaultNow(),
  },
  (table) => [index('sessions_user_id').on(table.userId)],
)

/** How a person proves who they are: a password, later an OpenID provider. Passkeys have a table of their own. */
export const credentials = account.table(
  'credentials',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    providerId: text('provider_id').notNull(),
    userId: userId(),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: at('access_token_expires_at'),
    refreshTokenExpiresAt: at('refresh_token_expires_at'),
    scope: text('scope'),
    password: text('password_hash'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('credentials_user_id').on(table.userId),
    uniqueIndex('credentials_provider_account').on(table.providerId, table.accountId),
  ],
)

/** What makes a person's codes: encrypted with the program's secret, the recovery codes too. */
export const secondFactors = account.table('second_factors', {
  id: text('id').primaryKey(),
  userId: userId().unique(),
  secret: text('secret_encrypted').notNull(),
  backupCodes: text('recovery_codes_encrypted').notNull(),
  /** False until the person has sent a first code. */
  verified: boolean('verified').notNull().default(false),
  failedVerificationCount: integer('failed_count').notNull().default(0),
  lockedUntil: at('locked_until'),
})

/** Of each passkey the public half, with which nobody signs in. */
export const passkeys = account.table(
  'passkeys',
  {
    id: text('id').primaryKey(),
    userId: userId(),
    name: text('name').notNull(),
    credentialID: text('credential_id').notNull().unique(),
    publicKey: text('public_key').notNull(),
    /** How often the device says that it signed; it only ever grows. Those that do not count leave it at 0. */
    counter: bigint('counter', { mode: 'number' }).notNull(),
    deviceType: text('device_type').notNull(),
    /** Whether it is kept beyond the device, as by a password manager. */
    backedUp: boolean('backed_up').notNull(),
    transports: text('transports'),
    /** Which kind of device or manager it is in, by its own word. */
    aaguid: text('aaguid'),
    createdAt: createdAt(),
    lastUsedAt: at('last_used_at'),
  },
  (table) => [index('passkeys_user_id').on(table.userId)],
)

export const verifications = account.table(
  'verifications',
  {
    id: text('id').primaryKey(),
    identifier: text('identifier').notNull(),
    value: text('value').notNull(),
    expiresAt: at('expires_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('verifications_identifier').on(table.identifier)],
)

/** A workspace owns keys, companies and contacts; people are its members. better-auth says "organization". */
export const workspaces = account.table('workspaces', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  slug: text('slug').notNull().unique(),
  logo: text('logo'),
  createdAt: createdAt(),
  metadata: text('metadata'),
})

const workspaceId = () =>
  text('workspace_id')
    .notNull()
    .references(() => workspaces.id, { onDelete: 'cascade' })

export const members = account.table(
  'members',
  {
    id: text('id').primaryKey(),
    organizationId: workspaceId(),
    userId: userId(),
    role: text('role').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('members_user_id').on(table.userId),
    uniqueIndex('members_workspace_user').on(table.organizationId, table.userId),
  ],
)

export const invitations = account.table(
  'invitations',
  {
    id: text('id').primaryKey(),
    organizationId: workspaceId(),
    email: text('email').notNull(),
    role: text('role'),
    token: hashedToken('token_hash').notNull().unique(),
    status: text('status').notNull().default('pending'),
    expiresAt: at('expires_at').notNull(),
    createdAt: createdAt(),
    inviterId: text('inviter_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
  },
  (table) => [
    index('invitations_workspace_id').on(table.organizationId),
    index('invitations_email').on(table.email),
  ],
)

/** The one-time link that creates the first account. One row at most: a new link takes the old one's place. */
export const setupLink = account.table(
  'setup_link',
  {
    id: text('id').primaryKey().default('only'),
    token: hashedToken('token_hash').notNull(),
    expiresAt: at('expires_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [check('setup_link_only_one', sql`${table.id} = 'only'`)],
)
