import type { LatchkeyClient } from '@latchkey/client'

/** A key that was created or deleted here. Its secret is never part of it. */
export interface ChangedKey {
  id: string
  name: string
}

/** What the page can be told. */
export interface ApiKeysProps {
  /** How the key routes are called: `createClient` of `@latchkey/client`. The person is whoever the host's session says. */
  client: LatchkeyClient
  /** The language, as `de` or `de-AT`; left out, that of the document. */
  locale?: string | undefined
  /** Left out or `auto`: as the page around it, by its `color-scheme`. */
  theme?: 'auto' | 'light' | 'dark' | undefined
  /** For people who may see keys and not change them. The routes refuse them all the same. */
  readOnly?: boolean | undefined
  /** Where the examples beside a new key call: the origin of the API. Left out, that of the document. */
  apiUrl?: string | undefined
  /** What they call there, as `/v1/contacts`. */
  examplePath?: string | undefined
  oncreated?: ((key: ChangedKey) => void) | undefined
  ondeleted?: ((key: ChangedKey) => void) | undefined
}
