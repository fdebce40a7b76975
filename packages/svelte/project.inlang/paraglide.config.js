/** How the messages are compiled, by the build and by `npm run check`. */
export default {
  outdir: './src/paraglide',
  // The language is whoever embeds the page to choose: src/language.ts.
  strategy: ['baseLocale'],
  emitGitIgnore: false,
  emitPrettierIgnore: false,
  emitReadme: false,
}
