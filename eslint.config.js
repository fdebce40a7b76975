import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import noLiteralText from './apps/dashboard/lint/no-literal-text.js'

/** Imports run one way: dashboard -> svelte -> client, api -> fastify -> engine, cli -> engine. Each rule says why. */
const imports = (patterns) => ({
  'no-restricted-imports': [
    'error',
    { patterns: patterns.map(([group, message]) => ({ group: [group].flat(), message })) },
  ],
})

const sql = ['drizzle-orm', 'drizzle-orm/*', 'postgres', '@electric-sql/*']
const fastify = ['fastify', 'fastify-plugin', '@fastify/*']

export default ts.config(
  {
    ignores: [
      '**/dist/',
      '**/build/',
      '**/.svelte-kit/',
      '**/.turbo/',
      '**/test-results/',
      'packages/client/src/*schema*.ts',
      'apps/dashboard/src/lib/paraglide/',
      'packages/svelte/src/paraglide/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    ignores: ['**/*.svelte.ts'],
    extends: [ts.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/only-throw-error': 'error',
    },
  },
  svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        parser: ts.parser,
        extraFileExtensions: ['.svelte'],
        projectService: false,
        project: null,
      },
    },
    plugins: { '@typescript-eslint': ts.plugin },
    rules: {
      // svelte-check resolves the names of a component; these two rules do not know TypeScript's types.
      'no-undef': 'off',
      'no-unused-vars': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  // The dashboard lives at the root of its origin: there is no base path to resolve.
  { rules: { 'svelte/no-navigation-without-resolve': 'off' } },
  {
    files: ['apps/dashboard/src/**/*.svelte', 'packages/svelte/src/**/*.svelte'],
    plugins: { latchkey: { rules: { 'no-literal-text': noLiteralText } } },
    rules: { 'latchkey/no-literal-text': 'error' },
  },
  { files: ['**/*.js'], languageOptions: { globals: globals.node } },

  {
    files: ['packages/engine/src/**'],
    rules: imports([
      [fastify, 'The engine knows no HTTP: anything that speaks Fastify belongs in packages/fastify.'],
      ['@latchkey/*', 'The engine is the innermost part: it imports no other part of Latchkey.'],
    ]),
  },
  {
    files: ['packages/fastify/src/**'],
    rules: imports([
      [sql, 'The plugin holds no SQL: ask the engine, whose store scopes every statement by owner.'],
      [['@latchkey/*', '!@latchkey/engine'], 'Of Latchkey the plugin imports the engine alone.'],
    ]),
  },
  {
    files: ['packages/cli/src/**'],
    rules: imports([
      [['@latchkey/*', '!@latchkey/engine'], 'Of Latchkey the command line imports the engine alone.'],
      [[...fastify, ...sql], 'The command line speaks neither HTTP nor SQL: ask the engine.'],
    ]),
  },
  {
    files: ['packages/client/src/**'],
    rules: imports([
      ['@latchkey/*', 'The client is made from OpenAPI documents alone, so that it runs anywhere.'],
      [[...fastify, ...sql], 'The client runs in browsers and on any server: it needs only fetch.'],
    ]),
  },
  {
    files: ['packages/svelte/src/**'],
    rules: imports([
      [
        ['@latchkey/*', '!@latchkey/client'],
        'The embedded page knows its host through @latchkey/client alone.',
      ],
      [
        ['$app/*', '$env/*', '@sveltejs/*', '#lib/*'],
        'The page is embedded in any app: what needs SvelteKit belongs in apps/dashboard.',
      ],
      [[...fastify, ...sql], 'The page runs in browsers: it asks its host through @latchkey/client.'],
    ]),
  },
  {
    files: ['apps/api/src/**'],
    rules: imports([
      [
        ['@latchkey/*', '!@latchkey/fastify'],
        'The demo API uses Latchkey as any host would: through the plugin.',
      ],
    ]),
  },
  {
    files: ['apps/dashboard/src/**'],
    rules: imports([
      [
        ['@latchkey/*', '!@latchkey/client', '!@latchkey/svelte'],
        'The dashboard talks to the API through @latchkey/client alone, and shares its looks with @latchkey/svelte.',
      ],
      [
        [...fastify, ...sql],
        'The dashboard has no database and no API of its own: it asks through @latchkey/client.',
      ],
    ]),
  },
  prettier,
)
