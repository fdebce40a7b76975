/** What is known of a key, as the API takes it. */
export interface Clue {
  by: 'id' | 'start' | 'hash'
  value: string
}

/** What somebody typed, an id or how a secret begins. */
export function readClue(text: string): Clue {
  return { by: /^key_[0-9a-z]{26}$/i.test(text) ? 'id' : 'start', value: text }
}

/** The SHA-256 of a text in hexadecimal; null in a browser that hashes only for pages that came by HTTPS. */
export async function hashOf(text: string): Promise<string | null> {
  // Browsers leave it out where a page came without HTTPS, which the types do not say.
  const { subtle } = crypto as Partial<Crypto>
  if (!subtle) return null
  const digest = await subtle.digest('SHA-256', new TextEncoder().encode(text))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
