import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@latchkey/source'] },
  ssr: { resolve: { conditions: ['@latchkey/source', 'node', 'module', 'import', 'default'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['@latchkey/testing/global-setup'],
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results/vitest.json' },
    expect: { requireAssertions: true },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
