import { ApiKeysElement } from './api-keys-element.svelte.ts'

// A script that is loaded twice, by two bundles, defines it once.
if (!customElements.get('latchkey-api-keys')) customElements.define('latchkey-api-keys', ApiKeysElement)
