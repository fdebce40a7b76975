import { randomBytes } from 'node:crypto'
import swagger from '@fastify/swagger'
import { createDocument } from '@latchkey/api/document'
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
  { documentFile: 'openapi.account.json', typesFile: 'src/account-schema.ts', load: loadAccountDocument },
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
  const tokens = {
    issuer: 'https://api.example.com',
    audiences: ['https://reports.example.com'],
    encryptionKey: randomBytes(32),
  }
  await app.register(latchkey, { database: 'memory:', authorize: () => null, tokens })
  await app.ready()
  const document = app.swagger() as unknown as OpenAPI3
  await app.close()
  return document
}

/** How people get in and out of the demo API: the part of its document that the dashboard needs beside the keys. */
async function loadAccountDocument(): Promise<OpenAPI3> {
  const { openapi, info, servers, paths, components } = (await createDocument()) as OpenAPI3 & {
    paths: object
  }
  const tags = [
    { name: 'Account', description: 'How people get in and out.' },
    { name: 'Members', description: 'Who is in the workspace, as what, and how others come in.' },
    { name: 'Operators', description: 'For the people who run the platform, and nobody else.' },
  ]
  const isAccount = (item: object) =>
    Object.values(item).every((operation: { tags?: string[] }) =>
      tags.some(({ name }) => operation.tags?.includes(name)),
    )
  return {
    openapi,
    info: { ...info, title: 'Latchkey accounts', description: 'Sign in and out of the Latchkey demo API.' },
    ...(servers && { servers }),
    tags,
    paths: Object.fromEntries(Object.entries(paths).filter(([, item]) => isAccount(item as object))),
    components: {
      schemas: { Problem: components!.schemas!['Problem']! },
      securitySchemes: { session: components!.securitySchemes!['session']! },
    },
  }
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
