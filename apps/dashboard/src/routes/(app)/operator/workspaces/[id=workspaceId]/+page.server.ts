import { fail, redirect } from '@sveltejs/kit'
import { m } from '#lib/paraglide/messages.js'
import { readReceipt, writeReceipt } from '#lib/receipt.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { operatorAnswer } from '../../operator-answer.server.ts'
import { requireOperator } from '../../require-operator.server.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  await requireOperator(event)
  const params = { path: { id: event.params.id } }
  const result = await event.locals.api.GET('/v1/operator/workspaces/{id}', { params })
  return {
    workspace: operatorAnswer(event, result),
    receipt: readReceipt(event.url.searchParams.get('receipt')),
    now: Date.now(),
  }
}

/** Tells what is wrong, and gives the reason back as it was typed. */
const refuse = (status: number, errors: { reason?: string; name?: string; form?: string }, reason = '') =>
  fail(status, { reason, errors })

export const actions: Actions = {
  suspend: async (event) => {
    await requireOperator(event)
    const params = { path: { id: event.params.id } }
    const form = await readForm(event.request)
    const [reason, typed, name] = [
      formText(form, 'reason').trim(),
      formText(form, 'name').trim(),
      formText(form, 'workspace').trim(),
    ]
    if (reason === '') return refuse(400, { reason: m.operator_suspend_reason_missing() })
    if (typed !== name) return refuse(400, { name: m.operator_suspend_name_wrong() }, reason)
    try {
      const body = { reason }
      const result = await event.locals.api.PUT('/v1/operator/workspaces/{id}/suspension', { params, body })
      if (result.error?.code === 'already_suspended') redirect(303, event.url.pathname)
      if (result.response.status === 400)
        return refuse(400, { reason: m.operator_suspend_reason_wrong() }, reason)
      const { receipt } = operatorAnswer(event, result)
      redirect(303, `${event.url.pathname}?notice=suspended&receipt=${writeReceipt(receipt)}`)
    } catch (failure) {
      if (failure instanceof ApiUnavailable) return refuse(503, { form: m.operator_unavailable() }, reason)
      throw failure
    }
  },

  lift: async (event) => {
    await requireOperator(event)
    const params = { path: { id: event.params.id } }
    try {
      const result = await event.locals.api.DELETE('/v1/operator/workspaces/{id}/suspension', { params })
      operatorAnswer(event, result)
    } catch (failure) {
      if (failure instanceof ApiUnavailable) return refuse(503, { form: m.operator_unavailable() })
      throw failure
    }
    redirect(303, `${event.url.pathname}?notice=lifted`)
  },
}
