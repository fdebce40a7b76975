import adapter from '@sveltejs/adapter-node'
import { sveltekit } from '@sveltejs/kit/vite'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [
    tailwindcss(),
    sveltekit({
      adapter: adapter(),
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
  server: { port: 4000, strictPort: true },
})
