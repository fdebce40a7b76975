/** Imports made-up keys until it is killed, and prints how many there are after each batch: target, seed. */
import { hash } from 'node:crypto'
import { createLatchkey, type ImportRow } from '@latchkey/engine'

const [, , target, seed] = process.argv
const latchkey = await createLatchkey({ database: target, imports: { formats: ['sha256'] } })

function* rows(): Generator<ImportRow> {
  for (let at = 0; ; at++) {
    yield {
      owner: 'owner',
      name: 'A key',
      format: 'sha256',
      hash: hash('sha256', `${seed}_${at}`, 'hex'),
    }
  }
}

await latchkey.imports.run({ id: 'import', name: null }, rows(), {
  onProgress: ({ added }) => void process.stdout.write(`${added}\n`),
})
