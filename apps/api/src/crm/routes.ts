import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ProblemError } from '@latchkey/fastify'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { AppDatabase } from '../database/app-database.ts'
import { parseId, toId } from '../id.ts'
import { problemReplies } from '../problem-replies.ts'
import { tidy } from '../text-schema.ts'
import { findCompany, listCompanies, type CompanyRow } from './companies.ts'
import { createContact, deleteContact, findContact, listContacts, updateContact } from './contacts.ts'
import type { ContactInput, ContactRow } from './contacts.ts'
import { decodeCursor, encodeCursor, type Page, type PageRequest } from './page.ts'
import {
  Company,
  CompanyList,
  Contact,
  ContactChange,
  ContactList,
  IdParams,
  ListQuery,
  NewContact,
} from './schemas.ts'

/** What a key may be allowed to do here. */
export const scopes = {
  'contacts:read': 'Read contacts',
  'contacts:write': 'Create, change and delete contacts',
  'companies:read': 'Read companies',
}

/** What people choose in one step. */
export const scopeSets = {
  '@read-only': { description: 'Read everything', scopes: ['contacts:read', 'companies:read'] },
}

/** What a change takes from the rate limits of a key, where reading takes 1. */
const WRITE_COST = 5

/** The data that keys open. A key sees the rows of its own workspace; every other id is not found. */
export const crmRoutes: FastifyPluginAsyncTypebox<{ db: AppDatabase }> = async (app, { db }) => {
  app.get(
    '/v1/companies',
    {
      config: { apiKey: { scopes: ['companies:read'] } },
      schema: {
        operationId: 'listCompanies',
        tags: ['Companies'],
        summary: 'List companies',
        querystring: ListQuery,
        response: { 200: CompanyList, ...problemReplies(400) },
      },
    },
    async (request) => {
      const page = await listCompanies(db, workspaceOf(request), toPageRequest(request.query))
      return toList(page, toCompany)
    },
  )

  app.get(
    '/v1/companies/:id',
    {
      config: { apiKey: { scopes: ['companies:read'] } },
      schema: {
        operationId: 'getCompany',
        tags: ['Companies'],
        summary: 'Read a company',
        params: IdParams,
        response: { 200: Company, ...problemReplies(404) },
      },
    },
    async (request) => {
      const id = parseId('company', request.params.id)
      return toCompany(found(id && (await findCompany(db, workspaceOf(request), id))))
    },
  )

  app.get(
    '/v1/contacts',
    {
      config: { apiKey: { scopes: ['contacts:read'] } },
      schema: {
        operationId: 'listContacts',
        tags: ['Contacts'],
        summary: 'List contacts',
        querystring: ListQuery,
        response: { 200: ContactList, ...problemReplies(400) },
      },
    },
    async (request) => {
      const page = await listContacts(db, workspaceOf(request), toPageRequest(request.query))
      return toList(page, toContact)
    },
  )

  app.post(
    '/v1/contacts',
    {
      config: { apiKey: { scopes: ['contacts:write'], cost: WRITE_COST } },
      schema: {
        operationId: 'createContact',
        tags: ['Contacts'],
        summary: 'Create a contact',
        body: NewContact,
        response: { 201: Contact, ...problemReplies(400, 413, 415) },
      },
    },
    async (request, reply) => {
      const { name, email, phone = null, jobTitle = null, companyId = null } = request.body
      const workspaceId = workspaceOf(request)
      const company = companyId === null ? null : await companyNamed(db, workspaceId, companyId)
      const fields = tidyFields({ name, email, phone, jobTitle })
      const contact = toContact(await createContact(db, workspaceId, { ...fields, company }))
      void reply.code(201).header('location', `/v1/contacts/${contact.id}`)
      return contact
    },
  )

  app.get(
    '/v1/contacts/:id',
    {
      config: { apiKey: { scopes: ['contacts:read'] } },
      schema: {
        operationId: 'getContact',
        tags: ['Contacts'],
        summary: 'Read a contact',
        params: IdParams,
        response: { 200: Contact, ...problemReplies(404) },
      },
    },
    async (request) => {
      const id = parseId('contact', request.params.id)
      return toContact(found(id && (await findContact(db, workspaceOf(request), id))))
    },
  )

  app.patch(
    '/v1/contacts/:id',
    {
      config: { apiKey: { scopes: ['contacts:write'], cost: WRITE_COST } },
      schema: {
        operationId: 'updateContact',
        tags: ['Contacts'],
        summary: 'Change a contact',
        params: IdParams,
        body: ContactChange,
        response: { 200: Contact, ...problemReplies(400, 404, 413, 415) },
      },
    },
    async (request) => {
      const id = found(parseId('contact', request.params.id))
      const workspaceId = workspaceOf(request)
      const { companyId, ...fields } = request.body
      const input: Partial<ContactInput> = tidyFields(fields)
      if (companyId === null) input.companyId = null
      else if (companyId !== undefined) input.companyId = (await companyNamed(db, workspaceId, companyId)).id
      return toContact(found(await updateContact(db, workspaceId, { id, input })))
    },
  )

  app.delete(
    '/v1/contacts/:id',
    {
      config: { apiKey: { scopes: ['contacts:write'], cost: WRITE_COST } },
      schema: {
        operationId: 'deleteContact',
        tags: ['Contacts'],
        summary: 'Delete a contact',
        params: IdParams,
        response: { 204: Type.Null({ description: 'The contact is gone.' }), ...problemReplies(404) },
      },
    },
    async (request, reply) => {
      const id = parseId('contact', request.params.id)
      found(id && (await deleteContact(db, workspaceOf(request), id)))
      return reply.code(204).send(null)
    },
  )
}

/** The owner of a key is the workspace that made it. */
function workspaceOf(request: FastifyRequest): string {
  if (request.apiKey === null) throw new Error('A route of the CRM was reached without a key.')
  return request.apiKey.owner
}

/** What was looked for, or 404: the same for an id that is malformed, unknown or of another workspace. */
function found<T>(value: T | null | false | undefined | ''): T {
  if (!value) throw new ProblemError('not_found')
  return value
}

async function companyNamed(db: AppDatabase, workspaceId: string, companyId: string): Promise<CompanyRow> {
  const id = parseId('company', companyId)
  const company = id && (await findCompany(db, workspaceId, id))
  if (company) return company
  const errors = [{ field: 'companyId', message: 'is no company of this workspace' }]
  throw new ProblemError('invalid_request', { errors })
}

function tidyFields<Fields extends Record<string, string | null>>(fields: Fields): Fields {
  const entries = Object.entries(fields).map(([name, value]) => [name, value === null ? null : tidy(value)])
  return Object.fromEntries(entries) as Fields
}

function toPageRequest({ limit = 25, cursor, q }: ListQuery): PageRequest {
  const after = cursor === undefined ? null : decodeCursor(cursor)
  if (cursor !== undefined && after === null) {
    const errors = [{ field: 'cursor', message: 'is not the nextCursor of a page' }]
    throw new ProblemError('invalid_request', { errors })
  }
  return { limit, after, q: tidy(q ?? '') || null }
}

function toList<Row, Json>(page: Page<Row>, toJson: (row: Row) => Json) {
  return { data: page.rows.map(toJson), nextCursor: page.next && encodeCursor(page.next) }
}

function toCompany(row: CompanyRow): Company {
  const { name, domain, industry, city, country, employees } = row
  const times = { createdAt: row.createdAt.toISOString(), updatedAt: row.updatedAt.toISOString() }
  return { id: toId('company', row.id), name, domain, industry, city, country, employees, ...times }
}

function toContact(row: ContactRow): Contact {
  const { name, email, phone, jobTitle } = row
  const company = row.company && { id: toId('company', row.company.id), name: row.company.name }
  const times = { createdAt: row.createdAt.toISOString(), updatedAt: row.updatedAt.toISOString() }
  return { id: toId('contact', row.id), name, email, phone, jobTitle, company, ...times }
}
