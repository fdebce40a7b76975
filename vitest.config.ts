import { defineConfig } from 'vitest/config'

/** Tests of the repository itself; each workspace has its own configuration. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    expect: { requireAssertions: true },
    reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
