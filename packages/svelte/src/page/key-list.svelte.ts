import type { ApiKey, LatchkeyClient } from '@latchkey/client'
import { withoutSecrets } from '../parts/key-text.ts'
import { ask, type Failure } from './ask.ts'

export const statuses = ['active', 'pending', 'disabled', 'expired', 'revoked'] as const
export type Status = (typeof statuses)[number]

const pageSize = 25

/** The page of keys in sight, and what was asked to see it. */
export class KeyList {
  #client: () => LatchkeyClient
  /** Null until the first answer, and after one that was none. */
  keys = $state.raw<ApiKey[] | null>(null)
  failure = $state<Failure | null>(null)
  total = $state(0)
  isLoading = $state(true)
  nowMs = $state(Date.now())

  q = $state('')
  status = $state<Status | null>(null)
  /** The API only leads on; the cursors that led here lead back. */
  #cursors = $state.raw<string[]>([])
  #nextCursor = $state<string | null>(null)
  /** Only the newest question counts, whichever answer comes first. */
  #asked = 0

  constructor(client: () => LatchkeyClient) {
    this.#client = client
  }

  get isFiltered(): boolean {
    return this.q !== '' || this.status !== null
  }
  get isEmpty(): boolean {
    return this.keys?.length === 0 && !this.isFiltered && this.#cursors.length === 0
  }
  get offset(): number {
    return this.#cursors.length * pageSize
  }
  get hasNext(): boolean {
    return this.#nextCursor !== null
  }
  get hasPrevious(): boolean {
    return this.#cursors.length > 0
  }

  /** Shows what is asked for from its first page. Of a key only its start is ever sent. */
  find(q: string, status: Status | null): Promise<void> {
    this.q = withoutSecrets(q.trim())
    this.status = status
    this.#cursors = []
    return this.load()
  }

  next(): Promise<void> {
    if (this.#nextCursor !== null) this.#cursors = [...this.#cursors, this.#nextCursor]
    return this.load()
  }

  previous(): Promise<void> {
    this.#cursors = this.#cursors.slice(0, -1)
    return this.load()
  }

  async load(): Promise<void> {
    const asked = ++this.#asked
    this.isLoading = true
    const cursor = this.#cursors.at(-1)
    const query = {
      limit: pageSize,
      count: true,
      ...(this.q && { q: this.q }),
      ...(this.status && { status: [this.status] }),
      ...(cursor && { cursor }),
    }
    const answer = await ask(this.#client().GET('/v1/api-keys', { params: { query } }))
    if (asked !== this.#asked) return
    this.nowMs = Date.now()
    this.isLoading = false
    this.failure = answer.ok ? null : answer.failure
    this.keys = answer.ok ? answer.data.data : null
    if (!answer.ok) return
    this.total = answer.data.total ?? answer.data.data.length
    this.#nextCursor = answer.data.nextCursor
    // The last key of a later page is gone: the page before is the last one now.
    if (answer.data.data.length === 0 && this.hasPrevious) await this.previous()
  }
}
