import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'

/** Where the run's template lies; the set-up of each test file finds it by the environment. */
export const TEMPLATE_VARIABLE = 'TEST_PGLITE_TEMPLATE'

/** The files of an empty database, as they are in a folder. */
export const templateFiles = (template: string): string => join(template, 'files')

/** The same, as PGlite loads them into memory. */
export const readTemplate = async (template: string): Promise<Blob> =>
  new Blob([await readFile(join(template, 'files.tar'))])

/** Makes an empty database to be copied, since PGlite takes seconds of the processor to make one. */
export async function makePgliteTemplate(template: string): Promise<void> {
  const pglite = await PGlite.create(templateFiles(template))
  const tar = await pglite.dumpDataDir('none')
  await pglite.close()
  await writeFile(join(template, 'files.tar'), Buffer.from(await tar.arrayBuffer()))
}
