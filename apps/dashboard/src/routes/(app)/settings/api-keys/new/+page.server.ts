import { fail } from '@sveltejs/kit'
import { API_PUBLIC_URL, API_URL } from '$app/env/private'
import { summarise } from '#lib/key-summary.ts'
import { m } from '#lib/paraglide/messages.js'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { fieldErrors } from '#lib/server/field-errors.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { mayChangeKeys } from '#lib/session.ts'
import type { Actions, PageServerLoad } from './$types'
import type { Created, CreateFailure, CreateFormData, CreateValues } from './create.ts'
import { expiryOf, isExpiryChoice, presetExpiry } from './expiry.ts'

const longestName = 64
const formFields = ['name', 'environment', 'scopes', 'expiresAt'] as const

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  const { data: scopes, keyPrefix } = answer(event, await event.locals.api.GET('/v1/api-keys/scopes'))
  const blank: CreateFormData = {
    scopes,
    keyPrefix,
    startsAt: new Date().toISOString(),
    idempotencyKey: crypto.randomUUID(),
  }
  return { mayCreate: mayChangeKeys(session), blank, apiUrl: API_PUBLIC_URL ?? API_URL }
}

export const actions: Actions = {
  default: async (event) => {
    await requireSession(event)
    const form = await readForm(event.request)
    const [expiresIn, startsAt] = [formText(form, 'expiresIn'), formText(form, 'startsAt')]
    const values: CreateValues = {
      name: formText(form, 'name').trim(),
      environment: form.get('environment') === 'test' ? 'test' : 'live',
      scopes: form.getAll('scopes').map(String),
      expiresIn: isExpiryChoice(expiresIn) ? expiresIn : presetExpiry,
      startsAt: Number.isNaN(Date.parse(startsAt)) ? new Date().toISOString() : startsAt,
    }
    const idempotencyKey = formText(form, 'idempotencyKey')
    const failure = (status: number, rest: Partial<CreateFailure>) =>
      fail(status, { failure: { values, errors: {}, idempotencyKey, ...rest } satisfies CreateFailure })

    const { name, environment, scopes } = values
    // Only our own form makes one; without it, what went wrong before cannot be known, so nothing is repeated.
    if (!/^[0-9a-f-]{36}$/.test(idempotencyKey))
      return fail(400, {
        failure: { values, errors: {}, message: m.create_error_used_form() } satisfies CreateFailure,
      })
    if (!name) return failure(400, { errors: { name: m.create_error_name_missing() } })
    if ([...name].length > longestName) return failure(400, { errors: { name: m.create_error_name_long() } })

    try {
      const result = await event.locals.api.POST('/v1/api-keys', {
        params: { header: { 'idempotency-key': idempotencyKey } },
        body: { name, environment, scopes, expiresAt: expiryOf(values.expiresIn, values.startsAt) },
      })
      if (!result.error) {
        const { apiKey, secret } = result.data
        // A page that the browser sends again by itself, on reload, must not show the secret a second time. A repeat
        // from our own script comes only after a lost answer, so nobody has seen it yet.
        const repeated =
          result.response.headers.get('idempotency-replayed') === 'true' && !isFromScript(event.request)
        const created: Created = { apiKey: summarise(apiKey), secret: repeated ? null : secret }
        return { created }
      }
      const { status, code, errors } = result.error
      if (code === 'idempotency_mismatch')
        return fail(status, {
          failure: { values, errors: {}, message: m.create_error_used_form() } satisfies CreateFailure,
        })
      if (code === 'idempotency_in_flight') return failure(status, { message: m.create_error_in_flight() })
      if (code === 'too_many_keys') return failure(status, { message: m.create_error_too_many() })
      if (status === 400) return failure(400, explain(errors))
      return answer(event, result)
    } catch (error) {
      if (error instanceof ApiUnavailable) return failure(503, { message: m.create_error_unavailable() })
      throw error
    }
  },
}

const isFromScript = (request: Request): boolean => request.headers.get('x-sveltekit-action') === 'true'

function explain(problems: { field: string; message: string }[] = []): Partial<CreateFailure> {
  const errors = fieldErrors(formFields, problems)
  return Object.keys(errors).length > 0 ? { errors } : { message: m.create_error_rejected() }
}
