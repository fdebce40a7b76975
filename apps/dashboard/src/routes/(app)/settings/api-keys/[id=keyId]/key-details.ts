import type { ApiKey } from '@latchkey/client'
import { summarise, type KeySummary } from '@latchkey/svelte/parts/key-summary.ts'

/** What the pages of one key show of it. */
export type KeyDetails = KeySummary &
  Pick<
    ApiKey,
    | 'kind'
    | 'allowedIps'
    | 'allowedOrigins'
    | 'blockBrowsers'
    | 'quota'
    | 'updatedAt'
    | 'version'
    | 'rotatedAt'
    | 'rotateEveryDays'
    | 'rotationDueAt'
    | 'retiringSecret'
    | 'revokedAt'
    | 'revocation'
  >

export const detail = (key: ApiKey): KeyDetails => ({
  ...summarise(key),
  kind: key.kind,
  allowedIps: key.allowedIps,
  allowedOrigins: key.allowedOrigins,
  blockBrowsers: key.blockBrowsers,
  quota: key.quota,
  updatedAt: key.updatedAt,
  version: key.version,
  rotatedAt: key.rotatedAt,
  rotateEveryDays: key.rotateEveryDays,
  rotationDueAt: key.rotationDueAt,
  retiringSecret: key.retiringSecret,
  revokedAt: key.revokedAt,
  revocation: key.revocation,
})
