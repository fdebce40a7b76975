import type { LatchkeyClient } from '@latchkey/client'
import type { ChangedKey } from '../api-keys-props.ts'

/**
 * `<latchkey-api-keys>`, which importing `@latchkey/svelte/element` defines. Attributes: `base-url` (where the host
 * serves the key routes, `/v1/api-keys` when left out), `locale`, `theme` (`auto`, `light`, `dark`), `read-only`,
 * `api-url` and `example-path` (what the examples beside a new key call).
 */
export interface LatchkeyApiKeysElement extends HTMLElement {
  /** Calls the key routes in place of what `base-url` says. */
  client: LatchkeyClient | null
}

declare global {
  interface HTMLElementTagNameMap {
    'latchkey-api-keys': LatchkeyApiKeysElement
  }
  interface HTMLElementEventMap {
    /** A key was created. Its secret is not part of it. */
    'latchkey-key-created': CustomEvent<ChangedKey>
    /** A key was deleted, and is refused from now on. */
    'latchkey-key-deleted': CustomEvent<ChangedKey>
  }
}
