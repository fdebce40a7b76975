import { m } from '#lib/paraglide/messages.js'

/** Each name after the words by which browsers call themselves; the first that fits counts. */
const browsers: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\b(OPR|OPT)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Headless)?Chrome\/|\bCriOS\//, 'Chrome'],
  [/\bVersion\/\S+ .*\bSafari\//, 'Safari'],
]

const systems: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

export interface Device {
  browser: string | null
  system: string | null
  isPhone: boolean
}

/** What a browser’s name for itself says of the device, as far as people care. */
export function readDevice(userAgent: string): Device {
  const nameIn = (names: [RegExp, string][]) => names.find(([words]) => words.test(userAgent))?.[1] ?? null
  const isPhone = /\b(iPhone|Android.*Mobile|Mobile.*Firefox)\b/.test(userAgent)
  return { browser: nameIn(browsers), system: nameIn(systems), isPhone }
}

export function deviceName({ browser, system }: Device): string {
  if (browser && system) return m.account_sessions_device({ browser, system })
  return browser ?? system ?? m.account_sessions_unknown_device()
}
