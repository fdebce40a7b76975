import { perLocale } from './per-locale.ts'

const whole = perLocale((tag) => new Intl.NumberFormat(tag))

/** “1,204” */
export const formatNumber = (number: number): string => whole().format(number)
