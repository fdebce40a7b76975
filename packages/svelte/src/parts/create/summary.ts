import { formatSeconds, formatUtc } from '../dates.ts'
import { m } from '#paraglide/messages.js'
import { perLocale } from '../per-locale.ts'
import type { CreateFormData } from './create.ts'
import { expiryOf, readUtc } from './expiry.ts'
import type { CreateValues } from './form-values.ts'
import { entriesOf } from './lines.ts'
import { expandScopes, isReading } from './scope-choice.ts'

export interface SummaryLine {
  text: string
  /** Something to think twice about. */
  isWarning?: boolean
}

const mostNames = 3
const list = perLocale((tag) => new Intl.ListFormat(tag, { type: 'conjunction' }))

/** What the key will be, in the words in which somebody would ask for it. */
export function summaryLines(values: CreateValues, data: CreateFormData): SummaryLine[] {
  return [...powers(values, data), ...bounds(values), lifetime(values)]
}

function powers({ kind, scopes }: CreateValues, { scopes: all, sets }: CreateFormData): SummaryLine[] {
  const managing = all.filter((scope) => scope.managesKeys).map(({ name }) => name)
  const held = expandScopes(scopes, sets)
  const others = held.filter((name) => !managing.includes(name))
  const reads = others.filter(isReading)
  const changes = others.filter((name) => !isReading(name))
  const lines: SummaryLine[] = []
  if (held.length === 0) lines.push({ text: m.create_summary_nothing(), isWarning: true })
  if (reads.length > 0) lines.push({ text: m.create_summary_reads({ what: resources(reads) }) })
  if (changes.length > 0) lines.push({ text: m.create_summary_changes({ what: resources(changes) }) })
  if (held.some((name) => managing.includes(name)))
    lines.push({ text: m.create_summary_manages(), isWarning: true })
  if (kind === 'publishable') lines.push({ text: m.create_summary_publishable() })
  return lines
}

/** “contacts and companies”, or how many they are. */
function resources(scopes: readonly string[]): string {
  const names = [...new Set(scopes.map((scope) => scope.replace(/:[^:]*$/, '')))]
  return names.length > mostNames ? m.create_summary_resources({ count: names.length }) : list().format(names)
}

function bounds(values: CreateValues): SummaryLine[] {
  const lines: string[] = values.rateLimits
    .filter(({ limit }) => Number(limit) >= 1)
    .map(({ limit, windowSeconds }) =>
      m.create_summary_rate({
        count: Number(limit),
        time: formatSeconds(Number(windowSeconds)),
      }),
    )
  const quota = Number(values.quotaLimit)
  const quotaText = quotaTexts[values.quotaPeriod]
  if (quota >= 1 && quotaText) lines.push(quotaText({ count: quota }))
  const addresses = entriesOf(values.allowedIps)
  if (addresses.length > 0) lines.push(m.create_summary_addresses({ count: addresses.length }))
  const origins = entriesOf(values.allowedOrigins)
  if (origins.length > 0) lines.push(m.create_summary_origins({ count: origins.length }))
  if (values.blockBrowsers && values.kind === 'secret') lines.push(m.create_summary_no_browsers())
  return lines.map((text) => ({ text }))
}

const quotaTexts: Record<string, (inputs: { count: number }) => string> = {
  day: m.create_summary_quota_day,
  week: m.create_summary_quota_week,
  month: m.create_summary_quota_month,
  never: m.create_summary_quota_never,
}

function lifetime(values: CreateValues): SummaryLine {
  const expiresAt = expiryOf(values)
  const begins = values.notBefore && readUtc(values.notBefore)
  if (expiresAt === null) return { text: m.create_summary_forever(), isWarning: true }
  if (expiresAt === undefined) return { text: m.create_summary_no_date(), isWarning: true }
  return {
    text: begins
      ? m.create_summary_between({ from: formatUtc(begins), to: formatUtc(expiresAt) })
      : m.create_summary_until({ date: formatUtc(expiresAt) }),
  }
}
