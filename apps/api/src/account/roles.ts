import { createAccessControl } from 'better-auth/plugins/access'
import { adminAc, defaultStatements, memberAc, ownerAc } from 'better-auth/plugins/organization/access'

export const roleNames = ['owner', 'admin', 'developer', 'viewer'] as const

/** What a person is in a workspace. A viewer looks; the others may also change keys. */
export type Role = (typeof roleNames)[number]

export const accessControl = createAccessControl(defaultStatements)

/** What each role may do to the workspace itself, in the words of better-auth's organization plugin. */
export const roles = {
  owner: ownerAc,
  admin: adminAc,
  developer: memberAc,
  viewer: memberAc,
}

/** A stored role, or null for a text that names none: then the person has no rights at all. */
export function parseRole(text: string): Role | null {
  return roleNames.find((name) => name === text) ?? null
}
