import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databases, startApi, type Api } from './api.ts'

interface Operation {
  operationId: string
  security: Record<string, string[]>[]
  responses: Record<string, { content?: Record<string, unknown> }>
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { securitySchemes: Record<string, unknown> }
}

describe('/openapi.json', () => {
  let api: Api
  let document: Document
  let operations: [string, Operation][]
  beforeAll(async () => {
    api = await startApi(databases[0]!.create)
    document = (await api.inject({ url: '/openapi.json' })).json<Document>()
    operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]): [string, Operation] => [
        `${method} ${path}`,
        operation,
      ]),
    )
  })
  afterAll(() => api.close())

  it('is OpenAPI 3.1 that the linter has no error and no warning about', { timeout: 60_000 }, async () => {
    expect(document.openapi).toBe('3.1.0')
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-openapi-'))
    try {
      const file = join(folder, 'openapi.json')
      await writeFile(file, JSON.stringify(document))
      const { totals, problems } = await lint(file, folder)
      expect(problems).toEqual([])
      expect(totals).toMatchObject({ errors: 0, warnings: 0 })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('names every operation, each differently, and says how each is opened', () => {
    const ids = operations.map(([, { operationId }]) => operationId)
    expect(ids).toEqual(ids.filter((id, i) => /^[a-z][A-Za-z]+$/.test(id) && ids.indexOf(id) === i))
    const schemes = Object.keys(document.components.securitySchemes)
    expect(schemes.sort()).toEqual(['apiKeyBearer', 'apiKeyHeader', 'proxyKey', 'session'])
    const keys = ['apiKeyBearer', 'apiKeyHeader']
    for (const [name, { security }] of operations) {
      expect(security, name).toBeInstanceOf(Array)
      const used = security.flatMap((requirement) => Object.keys(requirement))
      expect(used, name).toEqual(schemesOf(name))
    }

    function schemesOf(name: string): string[] {
      if (/\/(contacts|companies|verify|self-revoke)/.test(name)) return keys
      if (/\/authorize/.test(name)) return keys.flatMap((scheme) => ['proxyKey', scheme])
      if (/api-keys/.test(name)) return ['session', ...keys]
      return /setup|post \/v1\/session(\/second-factor|\/passkey.*)?$|invitation\/(read|accept)$|openid(\/sign-in|\/callback)?$/.test(
        name,
      )
        ? []
        : ['session']
    }
  })

  it('gives every refusal the form of a problem document', () => {
    for (const [name, { responses }] of operations) {
      const refusals = Object.entries(responses).filter(([status]) => Number(status) >= 400)
      expect(refusals.length, name).toBeGreaterThan(0)
      for (const [, { content }] of refusals) {
        expect(Object.keys(content ?? {}), name).toEqual(['application/problem+json'])
      }
    }
  })
})

interface LintReport {
  totals: { errors: number; warnings: number }
  problems: unknown[]
}

/** Redocly's linter exits with 1 when it finds something, so its report is read either way. */
function lint(file: string, cwd: string): Promise<LintReport> {
  const redocly = fileURLToPath(new URL('../../../node_modules/.bin/redocly', import.meta.url))
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  return new Promise((resolve, reject) => {
    execFile(redocly, ['lint', '--format=json', file], { cwd, env }, (error, stdout) => {
      const json = stdout.slice(stdout.indexOf('{'), stdout.lastIndexOf('}') + 1)
      if (json === '') reject(error ?? new Error('The linter said nothing.'))
      else resolve(JSON.parse(json) as LintReport)
    })
  })
}
