import type { Theme } from './theme.ts'

/** The page changes at once, and the choice is kept behind its back. */
export async function chooseTheme(theme: Theme): Promise<void> {
  document.documentElement.dataset['theme'] = theme
  const body = new URLSearchParams({ theme })
  await fetch('/theme', { method: 'POST', body, redirect: 'manual', keepalive: true }).catch(() => undefined)
}
