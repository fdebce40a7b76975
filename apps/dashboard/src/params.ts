import { defineParams } from '@sveltejs/kit/params'

/** What may stand in an address where an id belongs; anything else is a page that does not exist. */
export const params = defineParams({
  passkeyId: (text) => (/^passkey_[0-9a-z]{26}$/.test(text) ? text : undefined),
  memberId: (text) => (/^member_[0-9a-z]{26}$/.test(text) ? text : undefined),
  workspaceId: (text) => (/^workspace_[0-9a-z]{26}$/.test(text) ? text : undefined),
  keyId: (text) => (/^key_[0-9a-z]{26}$/.test(text) ? text : undefined),
})
