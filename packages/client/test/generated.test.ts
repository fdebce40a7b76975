import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { clientDocuments, render } from '../scripts/documents.ts'

describe.each(clientDocuments)('$documentFile and $typesFile', (client) => {
  const committed = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')

  it('are what `npm run generate -w @latchkey/client` makes today', async () => {
    const { document, types } = await render(client)
    expect(committed(client.documentFile)).toBe(document)
    expect(committed(client.typesFile)).toBe(types)
  })
})
