import type { CreateApiKey } from '@latchkey/client'
import { expiryOf, readUtc } from './expiry.ts'
import type { CreateValues } from './form-values.ts'
import { limitName } from './limit-windows.ts'
import { entriesOf } from './lines.ts'

/** What is asked of the API for values that {@link checkValues} has nothing against. */
export function requestBody(values: CreateValues): CreateApiKey {
  const { name, kind, environment, scopes, notBefore, quotaLimit, rotateEveryDays } = values
  const isPublishable = kind === 'publishable'
  const rateLimits = values.rateLimits.map(({ limit, windowSeconds }) => ({
    name: limitName(Number(windowSeconds)),
    limit: Number(limit),
    windowSeconds: Number(windowSeconds),
  }))
  return {
    name,
    environment,
    scopes,
    expiresAt: expiryOf(values) ?? null,
    ...(isPublishable && { kind }),
    ...(notBefore && { notBefore: readUtc(notBefore) }),
    ...(rateLimits.length > 0 && { rateLimits }),
    ...(quotaLimit && {
      quota: { limit: Number(quotaLimit), period: values.quotaPeriod as QuotaPeriod },
    }),
    ...listOf('allowedIps', values.allowedIps),
    ...listOf('allowedOrigins', values.allowedOrigins),
    ...(values.blockBrowsers && !isPublishable && { blockBrowsers: true }),
    ...(rotateEveryDays && { rotateEveryDays: Number(rotateEveryDays) }),
  }
}

type QuotaPeriod = NonNullable<CreateApiKey['quota']>['period']

function listOf<Field extends string>(field: Field, text: string): Partial<Record<Field, string[]>> {
  const entries = entriesOf(text)
  return (entries.length > 0 ? { [field]: entries } : {}) as Partial<Record<Field, string[]>>
}
