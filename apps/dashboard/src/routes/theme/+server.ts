import { error, redirect } from '@sveltejs/kit'
import { formText } from '#lib/server/form-text.ts'
import { readForm } from '#lib/server/read-form.ts'
import { redirectTarget } from '#lib/server/redirect-target.ts'
import { writeTheme } from '#lib/server/theme.ts'
import { isTheme } from '#lib/theme.ts'
import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ request, cookies }) => {
  const form = await readForm(request)
  const theme = form.get('theme')
  if (!isTheme(theme)) error(400, 'The theme is system, light or dark.')
  writeTheme(cookies, theme)
  redirect(303, redirectTarget(formText(form, 'redirectTo')))
}
