import { fail, redirect, type RequestEvent } from '@sveltejs/kit'
import { m } from '#lib/paraglide/messages.js'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { fieldErrors } from '@latchkey/svelte/parts/field-errors.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { isInCharge } from '#lib/session.ts'
import type { Actions, PageServerLoad } from './$types'
import {
  policyFields,
  toValues,
  type ExpiryPolicy,
  type IssuePolicy,
  type PolicyErrors,
  type PolicyFailure,
  type PolicyValues,
} from './policy-form.ts'

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  const { api } = event.locals
  const [policy, scopes] = await Promise.all([api.GET('/v1/api-keys/policy'), api.GET('/v1/api-keys/scopes')])
  const { data, sets } = answer(event, scopes)
  return {
    policy: answer(event, policy),
    scopes: [...data, ...sets].map(({ name, description }) => ({ name, description })),
    mayChange: isInCharge(session),
  }
}

export const actions: Actions = {
  save: async (event) => {
    await requireSession(event)
    const form = await readForm(event.request)
    const values: PolicyValues = {
      defaultDays: formText(form, 'defaultDays').trim(),
      maxDays: formText(form, 'maxDays').trim(),
      allowNever: form.get('allowNever') === 'yes',
      limitsScopes: form.get('limitsScopes') === 'yes',
      scopes: form.getAll('scopes').filter((name) => typeof name === 'string'),
      liveKeysBy: form.get('liveKeysBy') === 'admins' ? 'admins' : 'everybody',
    }
    const errors: PolicyErrors = {}
    const defaultDays = readDays('defaultDays', values, errors)
    const maxDays = readDays('maxDays', values, errors)
    if (Object.keys(errors).length > 0) return failWith(400, { values, errors })
    const { allowNever, limitsScopes, scopes, liveKeysBy } = values
    const expiry = { defaultDays, maxDays, allowNever }
    return set(event, { expiry, issue: { scopes: limitsScopes ? scopes : null, liveKeysBy } }, values)
  },
  reset: async (event) => {
    await requireSession(event)
    return set(event, { expiry: null, issue: null }, nothingAsked)
  },
}

const nothingAsked = toValues(
  { defaultDays: null, maxDays: null, allowNever: true },
  { scopes: null, liveKeysBy: 'everybody' },
)

async function set(
  event: RequestEvent,
  body: { expiry: ExpiryPolicy | null; issue: IssuePolicy | null },
  values: PolicyValues,
) {
  try {
    const result = await event.locals.api.PUT('/v1/api-keys/policy', { body })
    if (result.response.ok) redirect(303, '/settings/key-policy?notice=saved')
    if (result.response.status !== 400) answer(event, result)
    const problems = result.error?.errors?.map(({ field, message }) => ({
      field: field.replace(/^(expiry|issue)[./]/, ''),
      message,
    }))
    return failWith(400, { values, errors: fieldErrors(policyFields, problems) })
  } catch (failure) {
    if (failure instanceof ApiUnavailable)
      return failWith(503, { values, errors: {}, message: m.policy_unavailable() })
    throw failure
  }
}

const failWith = (status: number, failure: PolicyFailure) => fail(status, { failure })

/** A number of days, null for an empty field; notes an error for anything else. */
function readDays(
  field: 'defaultDays' | 'maxDays',
  values: PolicyValues,
  errors: PolicyErrors,
): number | null {
  const text = values[field]
  if (text === '') return null
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= longestDays) return Number(text)
  errors[field] = m.policy_days_rule()
  return null
}

const longestDays = 36_500
