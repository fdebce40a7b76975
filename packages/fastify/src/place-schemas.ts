import { KEY_KINDS, MAX_ALLOWED_IPS, MAX_ALLOWED_ORIGINS, type KeyKind } from '@latchkey/engine'
import { Type } from 'typebox'
import { oneOf } from './schema-types.ts'

/** Whether a key is a secret. */
export const kind = (description: string) => oneOf<KeyKind>(KEY_KINDS, { description, examples: ['secret'] })

/** The addresses from which a key may be used. */
export const allowedIps = Type.Array(Type.String(), {
  maxItems: MAX_ALLOWED_IPS,
  description:
    'The IPv4 and IPv6 addresses, and ranges of them in CIDR notation, from which it may be used; from everywhere when empty. Each is kept in its one spelling.',
  examples: [['203.0.113.0/24', '2001:db8::7']],
})

/** The pages on which a key may be used. */
export const allowedOrigins = Type.Array(Type.String(), {
  maxItems: MAX_ALLOWED_ORIGINS,
  description:
    'The origins of the web pages on which it may be used, as `https://app.example.com`, or `https://*.example.com` for all below a host; everywhere when empty. Requests that name no origin are refused then. A publishable key needs at least one. Browsers keep to it; anything else can name any origin.',
  examples: [['https://app.example.com']],
})

/** Whether browsers may use a key. */
export const blockBrowsers = Type.Boolean({
  description: 'Whether it is refused to browsers, in which no secret is safe. Not for publishable keys.',
  examples: [false],
})
