/**
 * Set-up of each test file: a new PGlite begins as a copy of the run's template, which is what it would make itself.
 * Programs that the tests start make their own.
 */
import { cp, readdir } from 'node:fs/promises'
import { PGlite, type PGliteOptions } from '@electric-sql/pglite'
import { readTemplate, TEMPLATE_VARIABLE, templateFiles } from './pglite-template.ts'

const template = process.env[TEMPLATE_VARIABLE]
if (!template) throw new Error('No template: add "@latchkey/testing/global-setup" to vitest.config.ts.')

/** PGlite's own, also where an earlier file of the same worker has been here. */
const own = Symbol.for('latchkey.test.createPglite')
const patched = PGlite as unknown as { [own]?: typeof PGlite.create }
const create = (patched[own] ??= PGlite.create.bind(PGlite))

async function createFromTemplate(folder?: string, options?: PGliteOptions): Promise<PGlite> {
  if (folder === undefined) return create({ ...options, loadDataDir: await readTemplate(template!) })
  if ((await readdir(folder)).length === 0) await cp(templateFiles(template!), folder, { recursive: true })
  return create(folder, options)
}

Object.assign(PGlite, { create: createFromTemplate })
