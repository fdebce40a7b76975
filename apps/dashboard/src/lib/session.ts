import type { Session as ApiSession } from '@latchkey/client'

/** Who is signed in, in which workspace, as what. */
export type Session = Pick<
  ApiSession,
  'user' | 'workspace' | 'otherWorkspaces' | 'role' | 'suspension' | 'operator'
>

export type Role = Session['role']

/** Viewers read; everybody else may also create, change and delete keys. The API enforces the same. */
export const mayChangeKeys = (session: Session): boolean => session.role !== 'viewer'

/** Owners and admins say what holds for all keys, see who changed what, and invite and change members. The API enforces the same. */
export const isInCharge = (session: Session): boolean => session.role === 'owner' || session.role === 'admin'

/** The roles that somebody in charge may give, the most powerful first: only owners make owners. */
export const rolesToGive = (session: Session): Role[] => [
  ...(session.role === 'owner' ? (['owner'] as const) : []),
  'admin',
  'developer',
  'viewer',
]
