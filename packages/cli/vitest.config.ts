import { configDefaults, defineConfig } from 'vitest/config'
import { pgbouncerPath } from '../testing/src/pgbouncer-path.ts'
import { scriptPath } from '../testing/src/script-path.ts'

const conditions = ['@latchkey/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    // `npm test` says that it was left out.
    exclude: [
      ...configDefaults.exclude,
      ...(pgbouncerPath === undefined ? ['test/pooler.test.ts'] : []),
      ...(scriptPath === undefined ? ['test/terminal.test.ts'] : []),
    ],
    globalSetup: '@latchkey/testing/global-setup',
    setupFiles: '@latchkey/testing/pglite-setup',
    expect: { requireAssertions: true },
    // Else the same modules were loaded, and PGlite compiled, for each file anew.
    isolate: false,
    maxWorkers: 2,
    // Each command is a process of its own, which takes a second or two on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results/vitest.json' },
  },
})
