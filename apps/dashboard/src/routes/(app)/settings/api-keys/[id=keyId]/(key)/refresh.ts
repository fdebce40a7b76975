import type { SubmitFunction } from '$app/forms'

/** Also after a refusal: then the key is no longer what the page shows. */
export const refresh: SubmitFunction =
  () =>
  ({ update }) =>
    update({ refreshAll: true })
