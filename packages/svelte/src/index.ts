export { default as ApiKeys } from './ApiKeys.svelte'
export type { ApiKeysProps, ChangedKey } from './api-keys-props.ts'
