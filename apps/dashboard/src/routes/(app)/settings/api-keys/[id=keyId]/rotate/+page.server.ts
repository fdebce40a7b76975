import { error, fail, redirect } from '@sveltejs/kit'
import { API_PUBLIC_URL, API_URL } from '$app/env/private'
import { m } from '#lib/paraglide/messages.js'
import { answer } from '#lib/server/answer.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { requireSession } from '#lib/server/require-session.ts'
import { mayChangeKeys } from '#lib/session.ts'
import { isGrace, presetGrace } from '@latchkey/svelte/parts/rotate/grace.ts'
import { detail } from '../key-details.ts'
import type { Actions, PageServerLoad } from './$types'
import type { RotateFailure, Rotated } from './rotation.ts'

export const load: PageServerLoad = async (event) => {
  const session = await requireSession(event)
  if (!mayChangeKeys(session)) error(403, 'Viewers may not rotate keys.')
  const params = { path: { id: event.params.id } }
  const [result, scopes] = await Promise.all([
    event.locals.api.GET('/v1/api-keys/{id}', { params }),
    event.locals.api.GET('/v1/api-keys/scopes'),
  ])
  const apiKey = detail(answer(event, result))
  if (apiKey.status === 'revoked') redirect(303, `/settings/api-keys/${apiKey.id}?notice=deleted`)
  return {
    apiKey,
    etag: result.response.headers.get('etag') ?? '',
    idempotencyKey: crypto.randomUUID(),
    sets: answer(event, scopes).sets,
    apiUrl: API_PUBLIC_URL ?? API_URL,
    now: Date.now(),
  }
}

export const actions: Actions = {
  default: async (event) => {
    await requireSession(event)
    const { id } = event.params
    const form = await readForm(event.request)
    const [asked, etag, idempotencyKey] = ['grace', 'etag', 'idempotencyKey'].map((name) =>
      formText(form, name),
    )
    const grace = isGrace(asked!) ? asked : presetGrace
    const failure = (
      status: number,
      message: string,
      rest: Pick<RotateFailure, 'idempotencyKey' | 'unproven'> = { idempotencyKey: idempotencyKey! },
    ) => fail(status, { failure: { grace, message, ...rest } satisfies RotateFailure })

    // Only our own form makes one; without it, what went wrong before cannot be known, so nothing is repeated.
    if (!/^[0-9a-f-]{36}$/.test(idempotencyKey!) || !/^"[\w-]+"$/.test(etag!))
      return failure(400, m.key_not_understood(), {})
    try {
      const result = await event.locals.api.POST('/v1/api-keys/{id}/rotate', {
        params: { path: { id }, header: { 'idempotency-key': idempotencyKey!, 'if-match': etag! } },
        body: { gracePeriodSeconds: Number(grace) },
      })
      if (!result.error) {
        const { apiKey, secret, receipt } = result.data
        // A page that the browser sends again by itself, on reload, must not show the secret a second time. A repeat
        // from our own script comes only after a lost answer, so nobody has seen it yet.
        const repeated =
          result.response.headers.get('idempotency-replayed') === 'true' && !isFromScript(event.request)
        return {
          rotated: { apiKey: detail(apiKey), secret: repeated ? null : secret, receipt } satisfies Rotated,
        }
      }
      const { status, code, detail: why } = result.error
      if (code === 'already_revoked') redirect(303, `/settings/api-keys/${id}?notice=deleted`)
      if (code === 'already_expired') return failure(status, m.key_rotate_expired())
      if (code === 'already_retiring') return failure(status, m.key_rotate_already())
      if (code === 'precondition_failed') return failure(status, m.key_rotate_changed(), {})
      if (code === 'idempotency_mismatch') return failure(status, m.key_rotate_used_form(), {})
      if (code === 'idempotency_in_flight') return failure(status, m.create_error_in_flight())
      if (code === 'reauthentication_required')
        return failure(status, '', { idempotencyKey: idempotencyKey!, unproven: true })
      if (code === 'beyond_grant') return failure(status, why)
      return answer(event, result)
    } catch (error) {
      if (error instanceof ApiUnavailable) return failure(503, m.key_rotate_unavailable())
      throw error
    }
  },
}

const isFromScript = (request: Request): boolean => request.headers.get('x-sveltekit-action') === 'true'
