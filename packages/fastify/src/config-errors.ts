import { createError } from '@fastify/error'

/** An option of the plugin does not fit. */
export const FST_LATCHKEY_OPTION = createError<[string]>(
  'FST_LATCHKEY_OPTION',
  'Latchkey: %s',
  500,
  TypeError,
)

/** Two registrations claim the same keys. */
export const FST_LATCHKEY_NAMESPACE_TAKEN = createError<[string]>(
  'FST_LATCHKEY_NAMESPACE_TAKEN',
  'Latchkey is already registered for the namespace "%s". Give the second registration its own `namespace` and `routePrefix`.',
)

/** Something else decorates what Latchkey needs. */
export const FST_LATCHKEY_DECORATOR_TAKEN = createError<[string]>(
  'FST_LATCHKEY_DECORATOR_TAKEN',
  'Latchkey decorates %s, but another plugin already did. Register Latchkey in a scope of its own.',
)

/** A route's `config.apiKey` cannot be enforced as it is written. */
export const FST_LATCHKEY_ROUTE = createError<[string, string, string]>(
  'FST_LATCHKEY_ROUTE',
  'The route %s %s cannot be protected by Latchkey: %s',
  500,
  TypeError,
)
