/** Who is signed in, in which workspace, as what. */
export interface Session {
  user: { id: string; name: string; email: string }
  workspace: { id: string; name: string }
  role: 'owner' | 'admin' | 'developer' | 'viewer'
}

/** Viewers read; everybody else may also create, change and delete keys. The API enforces the same. */
export const mayChangeKeys = (session: Session): boolean => session.role !== 'viewer'
