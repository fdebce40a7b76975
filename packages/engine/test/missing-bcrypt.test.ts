import { createLatchkey, type ImportFailure } from '@latchkey/engine'
import { expect, it, vi } from 'vitest'
import { ann } from './set-up.ts'

vi.mock('bcrypt', () => {
  throw new Error('Cannot find package bcrypt')
})

const djangoHash = 'bcrypt_sha256$$2b$04$lx15Hoem1vq3t9xDArW.FOZq5sqrSkAgELnDMUJke1aFdaTHU0yv6'

it('without the package bcrypt its format stops the start, and rows with its hashes are not imported', async () => {
  const database = 'memory:'
  const imports = { formats: ['bcrypt'], startLength: 8 } as const
  await expect(createLatchkey({ database, imports })).rejects.toThrow('npm install bcrypt')

  const latchkey = await createLatchkey({ database, imports: { formats: ['drf-api-key'] } })
  const failures: ImportFailure[] = []
  const row = { owner: 'o', name: 'n', format: 'drf-api-key', start: 'Um3bnxpJ', hash: djangoHash } as const
  await latchkey.imports.run(ann, [row], { onFailure: (failure) => void failures.push(failure) })
  expect(failures).toEqual([
    { row: 1, field: 'hash', message: 'needs the package bcrypt: npm install bcrypt' },
  ])
  await latchkey.close()
})
