import swagger from '@fastify/swagger'
import { latchkey } from '@latchkey/fastify'
import Fastify from 'fastify'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'

/** A document that part of the client is made from, and the files it becomes, both below the package's folder. */
export interface ClientDocument {
  documentFile: string
  typesFile: string
  load: () => Promise<OpenAPI3>
}

/** Everything the client is typed over. */
export const clientDocuments: readonly ClientDocument[] = [
  { documentFile: 'openapi.json', typesFile: 'src/schema.ts', load: loadKeysDocument },
]

/** The document of the key routes, as the plugin itself emits it on a bare host. */
async function loadKeysDocument(): Promise<OpenAPI3> {
  const app = Fastify({ pluginTimeout: 60_000 })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Latchkey',
        version: '1.0.0',
        description: 'Manage API keys: create, list, change and revoke them.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'The application that Latchkey is part of.' }],
    },
  })
  await app.register(latchkey, { database: 'memory:', authorize: () => null })
  await app.ready()
  const document = app.swagger() as unknown as OpenAPI3
  await app.close()
  return document
}

/** What the files of a document must hold. */
export async function render({
  load,
  documentFile,
}: ClientDocument): Promise<{ document: string; types: string }> {
  const document = `${JSON.stringify(await load(), null, 2)}\n`
  const types = astToString(await openapiTS(document))
  const header = `// Made from ${documentFile} by \`npm run generate\`; not to be edited.\n\n`
  return { document, types: header + types }
}
