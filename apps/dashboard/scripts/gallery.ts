/**
 * Writes docs/dashboard/*.webp, a sheet for each state of each page in both themes, narrow and wide, and the list of them in
 * docs/dashboard.md. The pictures are those that the tests for accessibility look at. Run it after `npm run build`, when a
 * page has changed: `npm run gallery -w @latchkey/dashboard`.
 */
import { spawnSync } from 'node:child_process'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../../docs/dashboard/', import.meta.url))
const page = fileURLToPath(new URL('../../../docs/dashboard.md', import.meta.url))
const heading = '## Every page in every state'

await rm(folder, { recursive: true, force: true })
const { status } = spawnSync('playwright', ['test', '--grep', 'axe finds nothing'], {
  stdio: 'inherit',
  env: { ...process.env, GALLERY: folder },
})
if (status !== 0) throw new Error('Some pages could not be reached, or axe found something on them.')

const sheets = (await readdir(folder)).sort()
const list = sheets.map((file) => {
  const state = file.replace('.webp', '').replaceAll('-', ' ').trim()
  return `### ${state[0]!.toUpperCase()}${state.slice(1)}\n\n![${state}](dashboard/${file})\n`
})
const text = await readFile(page, 'utf8')
const [before = ''] = text.split(heading)
const about =
  'Light at 320 and 1280 pixels, dark at 320 and 1280 pixels. `npm run gallery -w @latchkey/dashboard` takes them anew.'
await writeFile(page, `${before}${heading}\n\n${about}\n\n${list.join('\n')}`)
