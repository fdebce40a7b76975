import { hash } from 'node:crypto'
import { generateSecret } from '@latchkey/engine'

/** Secret number `index`: the same at every call, so that millions need not be kept in a list. */
export function secretAt(index: number): string {
  let block = 0
  return generateSecret({ prefix: 'lk', environment: 'live' }, () =>
    hash('sha256', `latchkey bench ${index} ${block++}`, 'buffer'),
  )
}

/** Secret number `index` with its last character changed, which its checksum does not allow. */
export function mistypedSecretAt(index: number): string {
  const secret = secretAt(index)
  return `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`
}

/** The digest under which a secret is stored. */
export function digestOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}
