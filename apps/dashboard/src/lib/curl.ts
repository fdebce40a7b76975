/** A first call with a key, as one types it into a shell. */
export const listContacts = (apiUrl: string, key: string): string =>
  `curl ${apiUrl}/v1/contacts \\\n  -H "Authorization: Bearer ${key}"`

/** The same, from a variable that holds the key. */
export const quickStart = (apiUrl: string): string =>
  `export LATCHKEY_KEY="lk_live_…"\n${listContacts(apiUrl, '$LATCHKEY_KEY')}`
