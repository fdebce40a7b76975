import { invalid, type Checked, type InvalidInput } from './checked.ts'
import type { ApiKey } from './key.ts'
import type { ScopeCatalog } from './scopes.ts'

/** Whether a key is a secret, or may stand in a web page for everybody to read. */
export type KeyKind = 'secret' | 'publishable'

/** Every kind, for schemas and checks. */
export const KEY_KINDS: readonly KeyKind[] = ['secret', 'publishable']

export function checkKind(kind: unknown): Checked<KeyKind> {
  return kind === 'secret' || kind === 'publishable'
    ? { ok: true, value: kind }
    : invalid('kind', 'must be "secret" or "publishable"')
}

/**
 * Says what is wrong with a key that everybody may read: it may only do what the host has marked as public, and only on
 * the pages that it names. null for a key that is fine, and for every secret one.
 */
export function publishableFault(
  { kind, scopes, allowedOrigins, blockBrowsers }: PublishableParts,
  { expand, isPublic }: Pick<ScopeCatalog, 'expand' | 'isPublic'>,
): InvalidInput | null {
  if (kind !== 'publishable') return null
  const closed = expand(scopes).filter((scope) => !isPublic(scope))
  if (closed.length > 0) {
    return invalid('scopes', `must all be public, for the key is publishable; not so: ${closed.join(', ')}`)
  }
  if (allowedOrigins.length === 0) {
    return invalid('allowedOrigins', 'must name the pages on which the key works, for it is publishable')
  }
  return blockBrowsers ? invalid('blockBrowsers', 'must be false, for the key is publishable') : null
}

type PublishableParts = Pick<ApiKey, 'kind' | 'scopes' | 'allowedOrigins' | 'blockBrowsers'>
