/**
 * The scopes that are Latchkey's own: what a key may do with keys, and with what is told of them. They mean the same in every host, and every host
 * has them without declaring them. `latchkey:verify` reaches the keys of all owners, so it is for the host's own
 * services alone; see {@link Grant}.
 */
export const RESERVED_SCOPES = Object.freeze({
  'keys:read': 'See API keys and how they are used',
  'keys:write': 'Create, change and delete API keys',
  'audit:read': 'See who changed which API key, and from where',
  'latchkey:verify': 'Check the keys of every owner, as a gateway does',
})

/** The name of a scope that no host may declare. */
export type ReservedScope = keyof typeof RESERVED_SCOPES
