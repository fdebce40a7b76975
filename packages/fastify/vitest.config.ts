import { configDefaults, defineConfig } from 'vitest/config'
import { nginxPath } from '../testing/src/nginx-path.ts'
import { pythonPath } from '../testing/src/python-path.ts'

const conditions = ['@latchkey/source']
const canRunNginx = nginxPath !== undefined && pythonPath !== undefined

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    // `npm test` says that it was left out.
    exclude: [...configDefaults.exclude, ...(canRunNginx ? [] : ['test/nginx.test.ts'])],
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
