import { defineConfig } from 'drizzle-kit'

/** `npx drizzle-kit generate` writes the next migration; src/database/migrate.ts applies them at start. */
export default defineConfig({
  dialect: 'postgresql',
  schema: ['src/account/tables.ts', 'src/crm/tables.ts'],
  out: 'migrations',
})
