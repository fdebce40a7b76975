import { error, redirect } from '@sveltejs/kit'
import { isLocale } from '#lib/paraglide/runtime.js'
import { formText } from '#lib/server/form-text.ts'
import { writeLocale } from '#lib/server/locale.ts'
import { readForm } from '#lib/server/read-form.ts'
import { redirectTarget } from '#lib/server/redirect-target.ts'
import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ request, cookies }) => {
  const form = await readForm(request)
  const locale = form.get('locale')
  if (!isLocale(locale)) error(400, 'The dashboard does not speak this language.')
  writeLocale(cookies, locale)
  redirect(303, redirectTarget(formText(form, 'redirectTo')))
}
