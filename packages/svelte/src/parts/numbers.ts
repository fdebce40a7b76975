import { perLocale } from './per-locale.ts'

const whole = perLocale((tag) => new Intl.NumberFormat(tag))

/** “1,204” */
export const formatNumber = (number: number): string => whole().format(number)

const percent = perLocale((tag) => new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 }))

/** “2%”, “0.4%”: a part of a whole. */
export const formatPercent = (part: number, whole: number): string =>
  percent().format(whole === 0 ? 0 : part / whole)
