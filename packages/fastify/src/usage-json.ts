import type { KeysUsage, UsageBucket, UsageCounts, UsageQuery, UsageSeries } from '@latchkey/engine'
import type { ApiKeysUsage, ApiKeyUsage, UsageParams } from './usage-schemas.ts'

/** Reads a query that has passed the schema. A leap second has, but no Date can be one; the engine refuses it. */
export function parseUsageParams<Params extends UsageParams>({
  from,
  to,
  ...rest
}: Params): Omit<Params, 'from' | 'to'> & Pick<UsageQuery, 'from' | 'to'> {
  return {
    ...rest,
    ...(from !== undefined && { from: new Date(from) }),
    ...(to !== undefined && { to: new Date(to) }),
  }
}

/** Shows a series to the owner of its keys. */
export function toUsageJson(series: UsageSeries): ApiKeyUsage {
  return { ...spanOf(series), ...countsOf(series), data: series.data.map(toBucket) }
}

/** Shows the series of several keys to their owner. */
export function toKeysUsageJson(usage: KeysUsage): ApiKeysUsage {
  const keys = usage.keys.map(({ id, name, data, ...counts }) => ({
    id,
    name,
    ...countsOf(counts),
    data: data.map(toBucket),
  }))
  return { ...spanOf(usage), keys }
}

const spanOf = ({ interval, timeZone, from, to }: Omit<KeysUsage, 'keys'>) => ({
  interval,
  timeZone,
  from: from.toISOString(),
  to: to.toISOString(),
})

const toBucket = (bucket: UsageBucket) => ({ start: bucket.start.toISOString(), ...countsOf(bucket) })

const countsOf = ({ total, accepted, refused }: UsageCounts) => ({ total, accepted, refused })
