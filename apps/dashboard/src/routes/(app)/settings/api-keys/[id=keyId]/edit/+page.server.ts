import { error, fail, redirect, type RequestEvent } from '@sveltejs/kit'
import { handoutOf } from '@latchkey/svelte/parts/create/handout.ts'
import { m } from '#lib/paraglide/messages.js'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { fieldErrors } from '@latchkey/svelte/parts/field-errors.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { readTimeZone } from '#lib/server/time-zone.ts'
import { isInCharge, mayChangeKeys } from '#lib/session.ts'
import { detail } from '../key-details.ts'
import type { Actions, PageServerLoad } from './$types'
import { changesOf, type EditErrors } from './changes.ts'
import { editFieldNames, fieldsOf, type EditField, type EditFields } from './edit-fields.ts'
import { merge } from './merge.ts'
import { readBase, readFields } from './read-fields.ts'

/** A form that could not be saved, with everything that was typed. */
export interface EditFailure {
  values: EditFields
  base: Partial<EditFields>
  etag: string
  errors: EditErrors
  message?: string
  /** Whether whoever asks has to prove first who they are. */
  unproven?: boolean
  /** What others changed meanwhile; `latest` is the key as it is now. */
  meanwhile?: { latest: EditFields; conflicts: EditField[]; adopted: EditField[] }
}

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  if (!mayChangeKeys(session)) error(403, 'Viewers may not change keys.')
  const { api } = event.locals
  const [key, scopes, policy] = await Promise.all([
    readKey(event),
    api.GET('/v1/api-keys/scopes'),
    api.GET('/v1/api-keys/policy'),
  ])
  if (key.apiKey.status === 'revoked') redirect(303, keyPage(event, 'deleted'))
  const timeZone = readTimeZone(event.cookies)
  const catalogue = answer(event, scopes)
  // The key’s page proposes to take away what the key does not need.
  const without = event.url.searchParams.getAll('without')
  const fields = fieldsOf(key.apiKey, timeZone)
  const keyPolicy = answer(event, policy)
  return {
    ...key,
    fields,
    proposed: { ...fields, scopes: fields.scopes.filter((name) => !without.includes(name)) },
    catalogue: { scopes: catalogue.data, sets: catalogue.sets },
    expiryPolicy: keyPolicy.effectiveExpiry,
    allowed: handoutOf(isInCharge(session), keyPolicy, catalogue).scopes,
    timeZone,
    now: Date.now(),
  }
}

export const actions: Actions = {
  default: async (event) => {
    await requireSession(event)
    const form = await readForm(event.request)
    const values = readFields(form)
    const base = readBase(formText(form, 'base'))
    const etag = formText(form, 'etag')
    const timeZone = formText(form, 'timeZone') || 'UTC'
    const failure = (status: number, rest: Partial<EditFailure>) =>
      fail(status, { values, base, etag, errors: {}, ...rest } satisfies EditFailure)

    if (!/^"[\w-]+"$/.test(etag) || !isTimeZone(timeZone))
      return failure(400, { message: m.key_not_understood() })
    const { body, errors } = changesOf(values, base, timeZone)
    if (Object.keys(errors).length > 0) return failure(400, { errors })
    if (Object.keys(body).length === 0) redirect(303, keyPage(event, 'unchanged'))

    try {
      const result = await event.locals.api.PATCH('/v1/api-keys/{id}', {
        params: { path: { id: event.params.id }, header: { 'if-match': etag } },
        body,
      })
      if (!result.error) redirect(303, keyPage(event, 'saved'))
      const { status, code, detail: why, errors: problems } = result.error
      if (code === 'already_revoked') redirect(303, keyPage(event, 'deleted'))
      if (code === 'precondition_failed')
        return failure(412, await whatChanged(event, values, base, timeZone))
      if (code === 'reauthentication_required') return failure(status, { unproven: true })
      if (code === 'beyond_grant') return failure(403, { message: why })
      if (status === 400) return failure(400, explain(problems))
      return answer(event, result)
    } catch (error) {
      if (error instanceof ApiUnavailable) return failure(503, { message: m.key_failed() })
      throw error
    }
  },
}

async function readKey(event: RequestEvent & { params: { id: string } }) {
  const params = { path: { id: event.params.id } }
  const result = await event.locals.api.GET('/v1/api-keys/{id}', { params })
  const apiKey = detail(answer(event, result))
  return { apiKey, etag: result.response.headers.get('etag') ?? '' }
}

async function whatChanged(
  event: RequestEvent & { params: { id: string } },
  typed: EditFields,
  base: Partial<EditFields>,
  timeZone: string,
): Promise<Partial<EditFailure>> {
  const { apiKey, etag } = await readKey(event)
  if (apiKey.status === 'revoked') redirect(303, keyPage(event, 'deleted'))
  const latest = fieldsOf(apiKey, timeZone)
  const { values, conflicts, adopted } = merge(typed, base, latest)
  return { values, base: latest, etag, meanwhile: { latest, conflicts, adopted } }
}

/** `quota.limit` is told beside the quota. */
function explain(problems: { field: string; message: string }[] = []): Partial<EditFailure> {
  const errors = fieldErrors(
    editFieldNames,
    problems.map(({ field, message }) => ({ field: field.split('.', 1)[0] ?? '', message })),
  )
  return Object.keys(errors).length > 0 ? { errors } : { message: m.key_error_rejected() }
}

const keyPage = (event: { params: { id: string } }, notice: string) =>
  `/settings/api-keys/${event.params.id}?notice=${notice}`

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}
