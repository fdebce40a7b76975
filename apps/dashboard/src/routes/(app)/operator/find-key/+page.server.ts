import { fail } from '@sveltejs/kit'
import { m } from '#lib/paraglide/messages.js'
import { withoutSecrets } from '@latchkey/svelte/parts/key-text.ts'
import { ApiUnavailable } from '#lib/server/api.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { operatorAnswer } from '../operator-answer.server.ts'
import { requireOperator } from '../require-operator.server.ts'
import { readClue, type Clue } from './clue.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = async (event) => {
  await requireOperator(event)
  return { now: Date.now() }
}

export const actions: Actions = {
  // By POST, for each look is recorded: nobody repeats one by going back or by a link.
  default: async (event) => {
    await requireOperator(event)
    const form = await readForm(event.request)
    const hash = formText(form, 'hash')
    const text = withoutSecrets(formText(form, 'clue')).trim()
    const refuse = (message: string, status = 400) => fail(status, { clue: text, message })
    if (hash === '' && text === '') return refuse(m.operator_find_missing())
    const clue: Clue = hash === '' ? readClue(text) : { by: 'hash', value: hash }
    try {
      const result = await event.locals.api.POST('/v1/operator/keys/find', { body: clue })
      if (result.response.status === 400) return refuse(m.operator_find_wrong())
      const { data } = operatorAnswer(event, result)
      return { clue: text, by: clue.by, found: data }
    } catch (failure) {
      if (failure instanceof ApiUnavailable) return refuse(m.operator_unavailable(), 503)
      throw failure
    }
  },
}
