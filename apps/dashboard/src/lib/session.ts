import type { Session as ApiSession } from '@latchkey/client'

/** Who is signed in, in which workspace, as what. */
export type Session = Pick<ApiSession, 'user' | 'workspace' | 'role'>

/** Viewers read; everybody else may also create, change and delete keys. The API enforces the same. */
export const mayChangeKeys = (session: Session): boolean => session.role !== 'viewer'

/** Owners and admins say what holds for all keys, and see who changed what. The API enforces the same. */
export const isInCharge = (session: Session): boolean => session.role === 'owner' || session.role === 'admin'
