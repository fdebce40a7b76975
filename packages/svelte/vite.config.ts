import { fileURLToPath } from 'node:url'
import { paraglideVitePlugin } from '@inlang/paraglide-js'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { embedCss } from './scripts/embed-css.ts'

export const messages = {
  project: fileURLToPath(new URL('project.inlang', import.meta.url)),
  outdir: fileURLToPath(new URL('src/paraglide', import.meta.url)),
}

/** light-dark() stays as written: every browser has had it since May 2024. */
export const cssTarget = ['chrome123', 'firefox120', 'safari17.5']

/** The custom element as one file, which holds all that it needs, and the style sheet for those who use Svelte. */
export default defineConfig({
  plugins: [tailwindcss(), embedCss(), paraglideVitePlugin(messages), svelte()],
  build: {
    cssTarget,
    lib: {
      entry: fileURLToPath(new URL('src/element/index.ts', import.meta.url)),
      formats: ['es'],
      fileName: () => 'latchkey-api-keys.js',
    },
    // Vite leaves the spaces in for bundlers that come after it; this file is for browsers.
    rolldownOptions: { output: { minify: true } },
  },
})
