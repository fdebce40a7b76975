import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SECRET_PATTERN } from '../packages/engine/src/secret.ts'
import { root } from './program.ts'

const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8')

describe('the lockfile', () => {
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }
  const packages = Object.entries(lock.packages)

  test('names no download host', () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined && /^\w+:/.test(resolved))).toEqual(
      [],
    )
  })

  test('lists every platform package that its packages ask for, so that npm ci works on every machine', () => {
    const listed = new Set(packages.map(([path]) => path.replace(/^.*node_modules\//, '')))
    const missing = packages.flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !listed.has(name))
        .map((name) => `${path} -> ${name}`),
    )
    // The registry that this lockfile was made with has these only in older versions. Paraglide's compiler, which needs
    // them, is used to build the dashboard; on such a machine `npm install` looks for them again.
    const unavailable = ['darwin-arm64', 'linux-arm64', 'win32-x64']
    expect(missing).toEqual(
      unavailable.map((platform) => `node_modules/@lix-js/sdk -> @lix-js/sdk-${platform}`),
    )
  })

  test('lets only packages run install scripts that package.json allows by name', () => {
    const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> }
    const withScripts = packages
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path]) => path.replace(/^.*node_modules\//, ''))
    expect(withScripts.filter((name) => !(name in allowScripts))).toEqual([])
  })
})

describe('the docs', () => {
  const pages = globSync('{*.md,docs/*.md}', { cwd: root })

  test.each(pages)('%s links only to files that exist', (page) => {
    const folder = page.includes('/') ? 'docs/' : ''
    const text = read(page).replaceAll(/^```[^]*?^```/gm, '')
    const targets = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map(([, target]) => target!)
    const missing = targets.filter((target) => globSync(`${folder}${target}`, { cwd: root }).length === 0)
    expect(missing).toEqual([])
  })
})

test('docs/security.md names only tests that exist', () => {
  const named = [...read('docs/security.md').matchAll(/`([\w/.-]+\.test\.ts)`/g)].map(([, path]) => path!)
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((path) => !existsSync(`${root}/${path}`))).toEqual([])
})

test('SECURITY.md publishes the pattern that the engine exports', () => {
  expect(read('SECURITY.md').split('\n')).toContain(SECRET_PATTERN)
})

interface LockedPackage {
  resolved?: string
  hasInstallScript?: boolean
  optionalDependencies?: Record<string, string>
}
