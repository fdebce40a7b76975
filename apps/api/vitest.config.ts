import { defineConfig } from 'vitest/config'

const conditions = ['@latchkey/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: '@latchkey/testing/global-setup',
    setupFiles: '@latchkey/testing/pglite-setup',
    expect: { requireAssertions: true },
    // Else the same modules were loaded, and PGlite compiled, for each file anew.
    isolate: false,
    // A new embedded database takes seconds to make on a busy machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results/vitest.json' },
  },
})
