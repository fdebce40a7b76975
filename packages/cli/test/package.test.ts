import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { aFolder } from './program.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const path = [dirname(process.execPath), join(root, 'node_modules', '.bin'), process.env['PATH']].join(
  delimiter,
)

interface Packed {
  filename: string
  files: { path: string }[]
}

/** As somebody would who has no more than the folder. */
async function shell(command: string, args: string[], cwd: string): Promise<string> {
  const env = { ...process.env, PATH: path, npm_config_update_notifier: 'false' }
  return (await promisify(execFile)(command, args, { cwd, env })).stdout
}

async function pack(name: string, into: string): Promise<Packed> {
  const output = await shell(
    'npm',
    ['pack', '--json', '--pack-destination', into, '-w', `@latchkey/${name}`],
    root,
  )
  const packed = JSON.parse(output) as Packed[] | Record<string, Packed>
  return Object.values(packed)[0]!
}

/** Where the packages are installed that a package of this repository needs from elsewhere. */
function dependenciesOf(name: string): string[] {
  const file = join(root, 'packages', name, 'package.json')
  const { dependencies } = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> }
  return Object.keys(dependencies)
    .filter((dependency) => !dependency.startsWith('@latchkey/'))
    .map((dependency) => {
      const places = createRequire(file).resolve.paths(dependency)!
      return places
        .map((place) => join(place, dependency))
        .find((place) => exists(join(place, 'package.json')))!
    })
}

function exists(file: string): boolean {
  try {
    return readFileSync(file).length > 0
  } catch {
    return false
  }
}

it('runs by `npx latchkey` where its package is installed, without a network', async () => {
  const folder = aFolder({ 'package.json': '{ "private": true }' })
  const packed = await Promise.all(['engine', 'cli'].map((name) => pack(name, folder)))
  const files = packed[1]!.files.map(({ path }) => path)
  expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'dist/latchkey.js']))
  expect(files.filter((file) => !/^(dist\/|package\.json$|README\.md$|LICENSE$)/.test(file))).toEqual([])

  const tarballs = packed.map(({ filename }) => join(folder, filename.replace('/', '-').replace('@', '')))
  const local = ['engine', 'cli'].flatMap(dependenciesOf)
  await shell(
    'npm',
    ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs, ...local],
    folder,
  )

  const { version } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8')) as {
    version: string
  }
  expect(await shell('npx', ['--no-install', 'latchkey', '--version'], folder)).toBe(`${version}\n`)
  expect(await shell('npx', ['--no-install', 'latchkey', 'migrate'], folder)).toContain(
    'went from version 0 to',
  )
  const secret = await shell(
    'npx',
    ['--no-install', 'latchkey', 'create', 'Packed', '--owner', 'acme'],
    folder,
  )
  expect(secret).toMatch(/^lk_live_\w{36}\n$/)
})
