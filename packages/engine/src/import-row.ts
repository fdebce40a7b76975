import { IDENTITY_RULE, isIdentity } from './identity.ts'
import type { ImportFormat } from './import-formats.ts'
import { MAX_START_LENGTH, type Formats } from './import-options.ts'
import type { NewImport } from './import-store.ts'
import { allChecked, invalid, type Checked, type InvalidInput } from './checked.ts'
import {
  checkEnvironment,
  checkMetadata,
  checkName,
  checkRateLimits,
  checkScopes,
  isStorableText,
} from './key-input.ts'
import { createKeyId } from './key-id.ts'
import type { Actor, Metadata } from './key.ts'
import type { RateLimit } from './rate-limit.ts'
import type { ScopeCatalog } from './scopes.ts'
import type { Environment } from './secret.ts'

/** A key as another system has it. */
export interface ImportRow {
  owner: string
  name: string
  /** What the other system keeps instead of the key's text. */
  hash: string
  format: ImportFormat
  /** Which of the option `imports.hmacKeys` made the hash; only with an HMAC. */
  hmacKey?: string | undefined
  /**
   * How the key's text begins, which is shown. Where a format finds a key by it, it must be there and no other key may
   * begin alike: see docs/import.md.
   */
  start?: string | undefined
  /** `live` when left out. */
  environment?: Environment | undefined
  scopes?: readonly string[] | undefined
  /** It may be over. */
  expiresAt?: Date | null | undefined
  metadata?: Metadata | undefined
  rateLimits?: readonly RateLimit[] | undefined
  /** Now when left out. */
  createdAt?: Date | undefined
  disabled?: boolean | undefined
  /** The key's id in the other system; kept as `metadata.externalId`. */
  externalId?: string | undefined
}

/** What rows are checked with. */
export interface RowContext {
  formats: Formats
  catalog: ScopeCatalog
  actor: Actor
  nowMs: number
}

/** The name of every field of a row. */
export const IMPORT_FIELDS: ReadonlySet<string> = new Set<string>([
  'owner',
  'name',
  'hash',
  'format',
  'hmacKey',
  'start',
  'environment',
  'scopes',
  'expiresAt',
  'metadata',
  'rateLimits',
  'createdAt',
  'disabled',
  'externalId',
] satisfies (keyof ImportRow)[])

const START = /^[\x21-\x7E]*$/

/** Reads a row of which nothing is known to be right. */
export function readRow(row: unknown, context: RowContext): Checked<NewImport> {
  if (typeof row !== 'object' || row === null) return invalid('row', 'must be an object')
  const stranger = Object.keys(row).find((field) => !IMPORT_FIELDS.has(field))
  // A misspelt `expiresAt` would make a key that never expires.
  if (stranger !== undefined) return invalid(stranger, 'is no field of a row')

  const given = row as Record<keyof ImportRow, unknown>
  const { environment = 'live', scopes = [], rateLimits = [], expiresAt = null, disabled = false } = given
  const { createdAt = new Date(context.nowMs) } = given
  const checked = allChecked({
    owner: isIdentity(given.owner) ? fine(given.owner) : invalid('owner', IDENTITY_RULE),
    name: checkName(given.name),
    imported: checkHash(given, context.formats),
    environment: checkEnvironment(environment),
    scopes: checkScopes(scopes, context.catalog),
    expiresAt: expiresAt === null ? fine(null) : checkMoment('expiresAt', expiresAt),
    metadata: checkImportedMetadata(given),
    rateLimits: checkRateLimits(rateLimits),
    createdAt: checkMoment('createdAt', createdAt),
    disabled: typeof disabled === 'boolean' ? fine(disabled) : invalid('disabled', 'must be true or false'),
  })
  if (!checked.ok) return checked
  const { imported, disabled: isDisabled, ...key } = checked.value
  return fine({
    ...key,
    ...imported,
    id: createKeyId(),
    createdBy: context.actor,
    disabledAt: isDisabled ? new Date(context.nowMs) : null,
    notBefore: null,
    rotateEveryDays: null,
    quota: null,
    kind: 'secret',
    allowedIps: [],
    allowedOrigins: [],
    blockBrowsers: false,
  })
}

function checkHash(
  { hash, format, hmacKey, start = '' }: Record<keyof ImportRow, unknown>,
  formats: Formats,
): Checked<Pick<NewImport, 'hash' | 'source' | 'slowHash' | 'start'>> {
  const reader = formats.get(format as ImportFormat)
  if (reader === undefined) {
    return invalid('format', `must be one of the option imports.formats: ${[...formats.keys()].join(', ')}`)
  }
  if (typeof hash !== 'string') return invalid('hash', 'must be text')
  if (hmacKey !== undefined && typeof hmacKey !== 'string') return invalid('hmacKey', 'must be text')
  if (typeof start !== 'string' || start.length > MAX_START_LENGTH || !START.test(start)) {
    return invalid('start', `must be at most ${MAX_START_LENGTH} visible characters of ASCII`)
  }
  const read = reader.read({ hash, start, hmacKey })
  return read.ok ? fine({ ...read.value, start }) : read
}

function checkImportedMetadata({
  metadata = {},
  externalId,
}: Record<keyof ImportRow, unknown>): Checked<Metadata> {
  const checked = checkMetadata(metadata)
  if (!checked.ok || externalId === undefined) return checked
  if (typeof externalId !== 'string' || !isStorableText(externalId)) {
    return invalid('externalId', 'must be text, of valid Unicode without U+0000')
  }
  if (Object.hasOwn(checked.value, 'externalId')) {
    return invalid('externalId', 'is kept as metadata.externalId, which the row has as well')
  }
  return checkMetadata({ ...checked.value, externalId })
}

function checkMoment(field: string, moment: unknown): Checked<Date> {
  if (!(moment instanceof Date) || Number.isNaN(moment.getTime())) return invalid(field, 'must be a date')
  const year = moment.getUTCFullYear()
  return year >= 1970 && year <= 9999 ? fine(moment) : invalid(field, 'must be in the years 1970 to 9999')
}

function fine<T>(value: T): Exclude<Checked<T>, InvalidInput> {
  return { ok: true, value }
}
