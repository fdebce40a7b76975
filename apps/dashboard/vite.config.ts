import { fileURLToPath } from 'node:url'
import { paraglideVitePlugin } from '@inlang/paraglide-js'
import adapter from '@sveltejs/adapter-node'
import { sveltekit } from '@sveltejs/kit/vite'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'

/** Only tests set it: the same dashboard in languages that nobody speaks, from scripts/pseudo-locales.ts. */
const isPseudo = process.env['PSEUDO_LOCALES'] === 'yes'
const paraglide = fileURLToPath(new URL('src/lib/paraglide', import.meta.url))
const pseudo = fileURLToPath(new URL('.svelte-kit/pseudo', import.meta.url))

export default defineConfig({
  environments: {
    client: {
      build: {
        // What several pages need comes in one piece, not in a file for each icon and each sentence: a phone waits for each.
        rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'common', minShareCount: 3 }] } } },
      },
    },
  },
  plugins: [
    tailwindcss(),
    paraglideVitePlugin(
      isPseudo
        ? { project: `${pseudo}/project.inlang`, outdir: `${pseudo}/paraglide` }
        : { project: './project.inlang' },
    ),
    sveltekit({
      adapter: adapter(isPseudo ? { out: `${pseudo}/build` } : {}),
      compilerOptions: { runes: true },
      csp: {
        mode: 'auto',
        directives: {
          'default-src': ['none'],
          'script-src': ['self'],
          'style-src': ['self'],
          // The style attribute of Kit’s own route announcer, and no other.
          'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
          'img-src': ['self'],
          'font-src': ['self'],
          'connect-src': ['self'],
          'form-action': ['self'],
          'frame-ancestors': ['none'],
          'base-uri': ['none'],
          'object-src': ['none'],
          // Text becomes HTML in one place only: where Svelte makes its templates.
          'require-trusted-types-for': ['script'],
          'trusted-types': ['svelte-trusted-html'],
        },
      },
      // Kit compares with an origin fixed at build time. Ours is known only when the server starts, so
      // src/lib/server/same-origin.ts does the check, for every method that changes something and every body type.
      csrf: { trustedOrigins: ['*'] },
    }),
  ],
  build: {
    // An inlined asset would be a data: URL, which the content security policy refuses.
    assetsInlineLimit: 0,
    // light-dark() stays as written: every browser has had it since May 2024.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
  },
  resolve: {
    alias: {
      // What is shared with the embedded page speaks here as the pages do: one set of messages, one language a request.
      '#paraglide': isPseudo ? `${pseudo}/paraglide` : paraglide,
      ...(isPseudo && { '#lib/paraglide': `${pseudo}/paraglide` }),
    },
  },
  server: { port: 4000, strictPort: true },
})
