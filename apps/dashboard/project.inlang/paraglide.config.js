/** How the messages are compiled, by the build and by `npm run check`. */
export default {
  outdir: './src/lib/paraglide',
  // The language of a request is ours to tell: src/lib/server/locale.ts and src/hooks.client.ts do.
  strategy: ['baseLocale'],
  emitGitIgnore: false,
  emitPrettierIgnore: false,
  emitReadme: false,
}
