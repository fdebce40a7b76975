/** The page on which somebody proves once more who they are, and which leads on from there. */
export function confirmPath(next: string): string {
  return `/settings/security/confirm?redirectTo=${encodeURIComponent(next)}`
}
