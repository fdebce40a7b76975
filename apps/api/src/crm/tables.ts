import { foreignKey, index, integer, pgSchema, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core'
import { workspaces } from '../account/tables.ts'

/** The customer data that keys open: companies and their contacts, each row owned by one workspace. */
export const crm = pgSchema('crm')

const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

const workspaceId = () =>
  text('workspace_id')
    .notNull()
    .references(() => workspaces.id, { onDelete: 'cascade' })

export const companies = crm.table(
  'companies',
  {
    id: uuid('id').primaryKey(),
    workspaceId: workspaceId(),
    name: text('name').notNull(),
    domain: text('domain').notNull(),
    industry: text('industry').notNull(),
    city: text('city').notNull(),
    country: text('country').notNull(),
    employees: integer('employees').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (table) => [unique('companies_workspace_id').on(table.workspaceId, table.id)],
)

export const contacts = crm.table(
  'contacts',
  {
    id: uuid('id').primaryKey(),
    workspaceId: workspaceId(),
    companyId: uuid('company_id'),
    name: text('name').notNull(),
    email: text('email').notNull(),
    phone: text('phone'),
    jobTitle: text('job_title'),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (table) => [
    unique('contacts_workspace_id').on(table.workspaceId, table.id),
    index('contacts_company_id').on(table.companyId),
    // A contact's company is of the same workspace: the database itself refuses any other.
    foreignKey({
      name: 'contacts_company_of_same_workspace',
      columns: [table.workspaceId, table.companyId],
      foreignColumns: [companies.workspaceId, companies.id],
    }),
  ],
)
