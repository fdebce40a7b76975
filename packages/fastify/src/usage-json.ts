import type { UsageCounts, UsageQuery, UsageSeries } from '@latchkey/engine'
import type { ApiKeyUsage, UsageParams } from './usage-schemas.ts'

/** Reads a query that has passed the schema. A leap second has, but no Date can be one; the engine refuses it. */
export function parseUsageParams({ from, to, ...rest }: UsageParams): UsageQuery {
  return {
    ...rest,
    ...(from !== undefined && { from: new Date(from) }),
    ...(to !== undefined && { to: new Date(to) }),
  }
}

/** Shows a series to the owner of its keys. */
export function toUsageJson(series: UsageSeries): ApiKeyUsage {
  const { interval, timeZone, from, to, data } = series
  return {
    interval,
    timeZone,
    from: from.toISOString(),
    to: to.toISOString(),
    ...countsOf(series),
    data: data.map((bucket) => ({ start: bucket.start.toISOString(), ...countsOf(bucket) })),
  }
}

const countsOf = ({ total, accepted, refused }: UsageCounts) => ({ total, accepted, refused })
