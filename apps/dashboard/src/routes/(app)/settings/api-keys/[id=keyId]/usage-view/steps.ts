import type { ApiKeyUsage } from '@latchkey/client'
import { perLocale } from '@latchkey/svelte/parts/per-locale.ts'

type Steps = Pick<ApiKeyUsage, 'interval' | 'timeZone'>

const formats = perLocale((tag) => {
  const made = new Map<string, Intl.DateTimeFormat>()
  return ({ interval, timeZone }: Steps) => {
    const name = `${interval} ${timeZone}`
    const known = made.get(name)
    if (known) return known
    const format = new Intl.DateTimeFormat(tag, {
      timeZone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      ...(interval !== 'day' && { hour: '2-digit', minute: '2-digit' }),
    })
    made.set(name, format)
    return format
  }
})

/** When a step begins, on the clock of the series: “Fri, 27 Nov, 14:00”, or for whole days “Fri, 27 Nov”. */
export const formatStep = (start: string, steps: Steps): string => formats()(steps).format(new Date(start))
