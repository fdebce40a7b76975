import { defineParams } from '@sveltejs/kit/params'

/** What may stand in an address where a key's id belongs; anything else is a page that does not exist. */
export const params = defineParams({
  keyId: (text) => (/^key_[0-9a-z]{26}$/.test(text) ? text : undefined),
})
