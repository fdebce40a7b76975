import { ORIGIN } from '$app/env/private'

/** Sent with every answer. Pages add Kit’s content security policy, with a nonce of their own. */
export const securityHeaders: Record<string, string> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-read=(), clipboard-write=(self)',
  // Not no-referrer: under it browsers send `Origin: null` with a form, which looks like a foreign site’s.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  ...(ORIGIN.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
}

/** For answers that are no page: nothing may load, nobody may frame them. */
export const emptyPolicy = "default-src 'none'; frame-ancestors 'none'"
