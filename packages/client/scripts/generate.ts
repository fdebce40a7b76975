import { writeFileSync } from 'node:fs'
import { clientDocuments, render } from './documents.ts'

for (const client of clientDocuments) {
  const { document, types } = await render(client)
  writeFileSync(new URL(`../${client.documentFile}`, import.meta.url), document)
  writeFileSync(new URL(`../${client.typesFile}`, import.meta.url), types)
}
