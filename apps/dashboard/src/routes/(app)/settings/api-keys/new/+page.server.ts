import { error, fail } from '@sveltejs/kit'
import { API_PUBLIC_URL, API_URL } from '$app/env/private'
import { handoutOf } from '@latchkey/svelte/parts/create/handout.ts'
import { summarise } from '@latchkey/svelte/parts/key-summary.ts'
import { m } from '#lib/paraglide/messages.js'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { isInCharge, mayChangeKeys } from '#lib/session.ts'
import type { Actions, PageServerLoad } from './$types'
import { checkValues } from '@latchkey/svelte/parts/create/check-values.ts'
import type { Created, CreateFailure, CreateFormData } from '@latchkey/svelte/parts/create/create.ts'
import { explain } from '@latchkey/svelte/parts/create/explain.ts'
import { readValues } from '@latchkey/svelte/parts/create/form-values.ts'
import { requestBody } from '@latchkey/svelte/parts/create/request-body.ts'

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  const { api } = event.locals
  const [scopesResult, policyResult] = await Promise.all([
    api.GET('/v1/api-keys/scopes'),
    api.GET('/v1/api-keys/policy'),
  ])
  const catalogue = answer(event, scopesResult)
  const { keyPrefix, publishableKeyPrefix } = catalogue
  const policy = answer(event, policyResult)
  const handout = handoutOf(isInCharge(session), policy, catalogue)
  const blank: CreateFormData = {
    scopes: catalogue.data.filter(({ name }) => handout.scopes.includes(name)),
    sets: catalogue.sets.filter(({ name }) => handout.scopes.includes(name)),
    mayBeLive: handout.live,
    keyPrefix,
    publishableKeyPrefix,
    policy: policy.effectiveExpiry,
    startsAt: new Date().toISOString(),
    idempotencyKey: crypto.randomUUID(),
  }
  return { mayCreate: mayChangeKeys(session), blank, apiUrl: API_PUBLIC_URL ?? API_URL }
}

export const actions: Actions = {
  default: async (event) => {
    if (!mayChangeKeys(await requireSession(event))) error(403, 'Viewers create no keys.')
    const form = await readForm(event.request)
    const values = readValues(form)
    const idempotencyKey = formText(form, 'idempotencyKey')
    const failure = (status: number, rest: Partial<CreateFailure>) =>
      fail(status, { failure: { values, errors: {}, idempotencyKey, ...rest } satisfies CreateFailure })
    const usedForm = (status: number) =>
      fail(status, {
        failure: { values, errors: {}, message: m.create_error_used_form() } satisfies CreateFailure,
      })

    // Only our own form makes one; without it, what went wrong before cannot be known, so nothing is repeated.
    if (!/^[0-9a-f-]{36}$/.test(idempotencyKey)) return usedForm(400)
    const errors = checkValues(values)
    if (Object.keys(errors).length > 0) return failure(400, { errors })

    try {
      const result = await event.locals.api.POST('/v1/api-keys', {
        params: { header: { 'idempotency-key': idempotencyKey } },
        body: requestBody(values),
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
      const { status, code, detail, errors: problems } = result.error
      if (code === 'idempotency_mismatch') return usedForm(status)
      if (code === 'idempotency_in_flight') return failure(status, { message: m.create_error_in_flight() })
      if (code === 'too_many_keys') return failure(status, { message: m.create_error_too_many() })
      if (code === 'reauthentication_required') return failure(status, { unproven: true })
      if (code === 'beyond_grant') return failure(status, { message: detail })
      if (status === 400) return failure(400, explain(problems, values))
      return answer(event, result)
    } catch (thrown) {
      if (thrown instanceof ApiUnavailable) return failure(503, { message: m.create_error_unavailable() })
      throw thrown
    }
  },
}

const isFromScript = (request: Request): boolean => request.headers.get('x-sveltekit-action') === 'true'
