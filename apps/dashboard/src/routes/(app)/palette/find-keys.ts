import { goto } from '$app/navigation'
import { withoutSecrets } from '@latchkey/svelte/parts/key-text.ts'
import { m } from '#lib/paraglide/messages.js'
import KeyRound from '@lucide/svelte/icons/key-round'
import type { Command } from './command.ts'

export interface FoundKey {
  id: string
  name: string
  start: string
}

/** The keys whose name or start holds a text, as commands that lead to them. Of a whole key only its start is sent. */
export async function findKeys(text: string, signal: AbortSignal): Promise<Command[]> {
  const query = new URLSearchParams({ q: withoutSecrets(text) })
  const response = await fetch(`/find-keys?${query}`, { signal, redirect: 'error' }).catch(() => null)
  if (!response?.ok) return []
  const { keys } = (await response.json()) as { keys: FoundKey[] }
  return keys.map(({ id, name, start }) => ({
    id,
    group: m.palette_group_keys(),
    label: name,
    icon: KeyRound,
    detail: `${start}••••`,
    run: () => void goto(`/settings/api-keys/${id}`),
  }))
}
