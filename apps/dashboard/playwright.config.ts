import { defineConfig } from '@playwright/test'
import { chromiumPath } from '../../packages/testing/src/chromium-path.ts'

export default defineConfig({
  testDir: 'test',
  testMatch: '*.test.ts',
  globalSetup: './test/global-setup.ts',
  outputDir: 'test-results/artifacts',
  reporter: [['list'], ['json', { outputFile: 'test-results/playwright.json' }]],
  // Each has servers of its own, which all files that it happens to run share.
  workers: 2,
  timeout: 60_000,
  forbidOnly: true,
  // Letters are drawn otherwise elsewhere. A few may be here as well, after an update of the browser.
  ignoreSnapshots: process.platform !== 'linux',
  expect: {
    // Two browsers and their servers share two processors in CI.
    timeout: 10_000,
    toHaveScreenshot: { threshold: 0.3, maxDiffPixelRatio: 0.04, animations: 'disabled' },
  },
  snapshotPathTemplate: '{testDir}/screens/{arg}{ext}',
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    launchOptions: {
      ...(chromiumPath && { executablePath: chromiumPath }),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  },
})
