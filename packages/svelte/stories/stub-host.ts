import type { ApiKey } from '@latchkey/client'
import { sampleKey } from './sample-keys.ts'

export type Fetch = (request: Request) => Promise<Response>

interface Settings {
  keys: ApiKey[]
  /** How the list is refused, if it is. */
  status?: number
}

const json = (body: unknown, status = 200) => Response.json(body, { status, headers: { etag: '"now"' } })

/** Answers as a host would, from memory and as far as the stories need it. */
export function stubHost({ keys, status }: Settings): Fetch {
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url)
    const [id = '', what = ''] = pathname.replace('/v1/api-keys', '').split('/').filter(Boolean)
    if (request.method === 'POST' && !id)
      return json({ apiKey: sampleKey({ lastUsedAt: null }), secret }, 201)
    if (id === 'scopes') return json(scopes)
    if (id === 'policy')
      return json({
        effectiveExpiry: { defaultDays: 90, maxDays: 365, allowNever: false },
        issue: { scopes: null, liveKeysBy: 'everybody' },
        scopes: null,
      })
    if (what === 'usage') return json({ total: 1204 })
    if (id) return json(keys.find((key) => key.id === id))
    if (status) return json({ code: 'refused', status }, status)
    return json(pageOf(keys, searchParams))
  }
}

const secret = 'lk_live_q8ZkT0wYd3VbX1nGmR5uJcE7hPaLsF2kW9aB'

const scopes = {
  data: [
    { name: 'contacts:read', description: 'Read contacts', managesKeys: false, public: false },
    { name: 'contacts:write', description: 'Create and change contacts', managesKeys: false, public: false },
    { name: 'keys:read', description: 'See the API keys', managesKeys: true, public: false },
  ],
  sets: [
    { name: '@all', description: 'Everything about contacts', scopes: ['contacts:read', 'contacts:write'] },
  ],
  keyPrefix: 'lk',
  publishableKeyPrefix: 'lk_pk',
}

function pageOf(keys: ApiKey[], asked: URLSearchParams) {
  const q = (asked.get('q') ?? '').toLowerCase()
  const found = keys.filter(({ name }) => name.toLowerCase().includes(q))
  const limit = Number(asked.get('limit'))
  const from = Number(asked.get('cursor'))
  const next = from + limit
  return {
    data: found.slice(from, next),
    nextCursor: next < found.length ? String(next) : null,
    total: found.length,
  }
}
