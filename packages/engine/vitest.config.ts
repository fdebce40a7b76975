import { configDefaults, defineConfig } from 'vitest/config'
import { pgbouncerPath } from '../testing/src/pgbouncer-path.ts'

const conditions = ['@latchkey/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    // `npm test` says that it was left out.
    exclude: [...configDefaults.exclude, ...(pgbouncerPath === undefined ? ['test/pooler.test.ts'] : [])],
    globalSetup: '@latchkey/testing/global-setup',
    setupFiles: '@latchkey/testing/pglite-setup',
    expect: { requireAssertions: true },
    // A third of the time would go into loading the same modules, and compiling PGlite, for each file anew.
    isolate: false,
    // Much of the time is spent waiting, for outages to be noticed above all, so do it side by side.
    maxWorkers: 2,
    // A new embedded database takes seconds to make on a busy machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results/vitest.json' },
  },
})
