import { createAccessControl } from 'better-auth/plugins/access'

/**
 * What one may be allowed on the platform, in the words of better-auth's admin plugin. None of what that plugin itself
 * offers is among it, so nobody, an operator neither, may act as somebody else, ban people or set their passwords.
 */
export const platformAccess = createAccessControl({ platform: ['operate'] } as const)

/** The role of an operator. It is the person's, apart from every workspace. */
export const operatorRole = 'operator'

export const platformRoles = {
  user: platformAccess.newRole({}),
  [operatorRole]: platformAccess.newRole({ platform: ['operate'] }),
}

/** Whether a person belongs to those who run the platform. */
export function isOperator({ role }: { role?: string | null | undefined }): boolean {
  return role === operatorRole
}
