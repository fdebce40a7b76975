/**
 * The e-mail addresses that we take: dots and words before the at sign, a domain of two labels or more behind it.
 * Never wider than what better-auth takes at sign-in, or an account could be made that nobody can enter.
 */
export const emailPattern =
  "^(?:[A-Za-z0-9_'+-]+\\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]{2,63}$"

/** RFC 5321: no path is longer. */
export const maxEmailLength = 254

const regularExpression = new RegExp(emailPattern)

export function isEmail(text: string): boolean {
  return text.length <= maxEmailLength && regularExpression.test(text)
}
