import { usage } from './failure.ts'

const KEY_ID = /^key_[0-9a-z]{26}$/

/** What was typed as a key's id, if it can be one. It is not repeated: it may be a secret. */
export function keyId(text: string): string {
  if (KEY_ID.test(text)) return text
  throw usage(
    'That is no id of a key: one looks like key_01h455vb4pex5vsknk084sn02q. `latchkey list --owner ...` tells the ' +
      'ids, and `latchkey verify` that of a key whose text you have.',
  )
}
