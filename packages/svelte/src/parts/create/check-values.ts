import { m } from '#paraglide/messages.js'
import type { FormErrors, FormField } from './create.ts'
import { expiryOf, readUtc } from './expiry.ts'
import type { CreateValues } from './form-values.ts'
import { entriesOf, isAddress, isOrigin, wrongLines } from './lines.ts'

export const longestName = 64
const mostUnits = 1_000_000
const mostCredits = 1_000_000_000_000

/** What can be said to be wrong before the API is asked, which has the last word. */
export function checkValues(values: CreateValues): FormErrors {
  const faults: Faults = {
    name: nameFault(values.name),
    expiresAt: expiryFault(values),
    notBefore: values.notBefore && !readUtc(values.notBefore) ? m.create_error_date() : null,
    rateLimits: rateLimitFault(values.rateLimits),
    quota: values.quotaLimit && !isWhole(values.quotaLimit, mostCredits) ? m.create_error_whole() : null,
    allowedIps: linesFault(values.allowedIps, isAddress, m.create_error_address_line),
    allowedOrigins: originFault(values),
  }
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault))
}

type Faults = Partial<Record<FormField, string | null>>

function nameFault(name: string): string | null {
  if (!name) return m.create_error_name_missing()
  return [...name].length > longestName ? m.create_error_name_long() : null
}

function expiryFault(values: CreateValues): string | null {
  const expiresAt = expiryOf(values)
  if (expiresAt === undefined) return m.create_error_date()
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? m.create_error_past() : null
}

function rateLimitFault(rateLimits: CreateValues['rateLimits']): string | null {
  if (rateLimits.some(({ limit }) => !isWhole(limit, mostUnits))) return m.create_error_whole()
  const windows = rateLimits.map(({ windowSeconds }) => windowSeconds)
  return new Set(windows).size < windows.length ? m.create_error_same_window() : null
}

function originFault({ kind, allowedOrigins }: CreateValues): string | null {
  if (kind === 'publishable' && entriesOf(allowedOrigins).length === 0) return m.create_error_origin_missing()
  return linesFault(allowedOrigins, isOrigin, m.create_error_origin_line)
}

function linesFault(
  text: string,
  isFine: (entry: string) => boolean,
  tell: (fault: { line: number; entry: string }) => string,
): string | null {
  return wrongLines(text, isFine).map(tell).join('\n')
}

const isWhole = (text: string, most: number): boolean => /^\d+$/.test(text) && +text >= 1 && +text <= most
