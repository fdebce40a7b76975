import { redirect } from '@sveltejs/kit'
import { answer } from '#lib/server/answer.ts'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import type { RequestHandler } from './$types'

/** Takes the session to another of the person’s workspaces. */
export const POST: RequestHandler = async (event) => {
  const workspaceId = formText(await readForm(event.request), 'workspaceId')
  answer(event, await event.locals.api.PUT('/v1/session/workspace', { body: { workspaceId } }))
  redirect(303, '/')
}
