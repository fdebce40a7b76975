import { m } from '#lib/paraglide/messages.js'
import type { Role } from './session.ts'

/** What people call the roles. */
export const roleNames = {
  owner: m.members_role_owner,
  admin: m.members_role_admin,
  developer: m.members_role_developer,
  viewer: m.members_role_viewer,
} satisfies Record<Role, () => string>

/** What each of them may do. */
export const roleDuties = {
  owner: m.members_does_owner,
  admin: m.members_does_admin,
  developer: m.members_does_developer,
  viewer: m.members_does_viewer,
} satisfies Record<Role, () => string>
