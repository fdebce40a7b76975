const whole = new Intl.NumberFormat('en-GB')

/** “1,204” */
export const formatNumber = (number: number): string => whole.format(number)

/** “1 request”, “1,204 requests” */
export const formatCount = (count: number, one: string, many: string): string =>
  `${formatNumber(count)} ${count === 1 ? one : many}`
