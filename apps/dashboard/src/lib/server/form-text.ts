/** What a form’s text field holds; empty for a missing field, and for a file that somebody sent in its place. */
export function formText(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
