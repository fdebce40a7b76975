import { error } from '@sveltejs/kit'

/** The form that a request carries; 400 for a body of another type, and for one that does not keep to its type. */
export async function readForm(request: Request): Promise<FormData> {
  try {
    return await request.formData()
  } catch (failure) {
    if (failure instanceof TypeError) error(400, 'The request carries no form.')
    throw failure
  }
}
