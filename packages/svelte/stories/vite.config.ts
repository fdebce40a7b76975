import { fileURLToPath } from 'node:url'
import { paraglideVitePlugin } from '@inlang/paraglide-js'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { embedCss } from '../scripts/embed-css.ts'
import { cssTarget, messages } from '../vite.config.ts'

/** A page for each state of the embedded page, on a host that is made up: `npm run stories -w @latchkey/svelte`. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [tailwindcss(), embedCss(), paraglideVitePlugin(messages), svelte()],
  build: { cssTarget },
})
