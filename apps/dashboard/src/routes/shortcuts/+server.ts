import { redirect } from '@sveltejs/kit'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { redirectTarget } from '#lib/server/redirect-target.ts'
import { writeShortcuts } from '#lib/server/shortcuts.ts'
import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ request, cookies }) => {
  const form = await readForm(request)
  writeShortcuts(cookies, form.get('shortcuts') !== 'off')
  redirect(303, redirectTarget(formText(form, 'redirectTo')))
}
