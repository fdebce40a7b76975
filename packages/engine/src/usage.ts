import type { Caller } from './caller.ts'
import { earliestKeyId } from './key-id.ts'
import type { RefusalReason } from './verdict.ts'

/** What became of a request with a known key. */
export type Outcome = 'accepted' | RefusalReason

/** Requests with one key in one minute that had one outcome: what is stored. */
export interface UsageCount {
  readonly id: string
  /** The replaced secret that was used, by its UUID. */
  readonly secretId: string | undefined
  readonly owner: string
  /** Minutes since 1970. */
  readonly minute: number
  readonly outcome: Outcome
  count: number
  /** When the last of the accepted ones came, in milliseconds; 0 when none was accepted. */
  lastUsedMs: number
  /** Where the accepted ones came from, as the first of them told. */
  address: string | null
}

/** Counts that are stored together. */
export interface UsageBatch {
  /** Rises with every batch. One that is sent again keeps its number, so that it is never counted twice. */
  readonly sequence: number
  readonly counts: readonly UsageCount[]
}

/** Counts that wait while the store is away: about 25 MB. */
const MAX_WAITING = 100_000
/** A batch this big takes the database some tens of milliseconds, in which an embedded one holds up everything else. */
const MAX_BATCH = 250
const MINUTE_MS = 60_000
/** Whoever has just made a key waits for its first request to be seen. */
const YOUNG_MINUTES = 60

/**
 * Counts the requests of one key in the current minute. Small, for there is one for each key in memory; a key read
 * again gets another, and what both counted is added up when it is stored.
 */
export class UsageMeter {
  readonly key: MeteredKey
  /** Minutes since 1970; what follows is about it. */
  minute = -1
  accepted = 0
  /** Milliseconds into the minute. */
  lastUsed = 0
  address: string | null = null
  refused: Map<Outcome, number> | null = null

  constructor(key: MeteredKey) {
    this.key = key
  }
}

/** Whose requests are counted. */
export interface MeteredKey {
  readonly id: string
  readonly owner: string
  /** The replaced secret that is used, by its UUID. */
  readonly secretId?: string
}

/** What {@link createUsageRecorder} needs from outside. */
export interface UsageRecorderOptions {
  /** Stores a batch unless one of the same or a higher number was stored before. */
  save: (batch: UsageBatch) => Promise<void>
  /** Told how many requests were not counted because too many counts wait already. */
  onLost: (requests: number) => void
}

/** Counts in memory, and hands the counts over now and then: a request never writes. */
export interface UsageRecorder {
  /** A meter for a key that is put in memory. */
  readonly meterOf: (key: MeteredKey) => UsageMeter
  /** Counts a request. The caller's address is read once a minute and meter at most, for it may cost something. */
  record(meter: UsageMeter, outcome: Outcome, nowMs: number, caller?: Caller): void
  /** Stores everything counted so far. What could not be stored is kept for the next time. */
  flush(): Promise<void>
  /**
   * Stores what young keys have begun to count: the first accepted and the first refused request of each minute. While
   * a flush is under way, or the store is away, they wait for that.
   */
  flushYoung(): Promise<void>
}

/**
 * Makes a recorder. Batches are sent one after the other, and one whose fate is unknown is sent again unchanged
 * before any other. While none can be stored, counts wait in memory; once too many do, requests that would need
 * another one are not counted. The keys themselves work on.
 */
export function createUsageRecorder({ save, onLost }: UsageRecorderOptions): UsageRecorder {
  /** Meters that count something. One may be in here twice. */
  let busy: UsageMeter[] = []
  /** Those whose counts the flush under way has yet to take. */
  let due: UsageMeter[] = []
  /** Those of the busy ones that shall be stored soon. */
  let young: UsageMeter[] = []
  let youngFrom = { minute: -1, id: '' }
  const waiting = new Map<string, UsageCount>()
  let batch: UsageBatch | null = null
  let sequence = 0
  let lost = 0
  let isSending = false
  let sent = Promise.resolve()

  function record(meter: UsageMeter, outcome: Outcome, nowMs: number, caller?: Caller): void {
    const minute = Math.floor(nowMs / MINUTE_MS)
    if (outcome === 'accepted' && meter.accepted !== 0 && meter.minute === minute) {
      meter.accepted++
      const lastUsed = nowMs - minute * MINUTE_MS
      // A clock may step back.
      if (lastUsed > meter.lastUsed) meter.lastUsed = lastUsed
    } else {
      recordFirst(meter, outcome, nowMs, caller)
    }
  }

  /** Everything that is not one more accepted request in the same minute. */
  function recordFirst(meter: UsageMeter, outcome: Outcome, nowMs: number, caller?: Caller): void {
    const minute = Math.floor(nowMs / MINUTE_MS)
    const isFirst = meter.minute !== minute || (outcome === 'accepted' && meter.lastUsed === 0)
    if (isFirst && isYoung(meter.key.id, minute)) young.push(meter)
    if (meter.minute !== minute) {
      empty(meter)
      meter.minute = minute
      meter.lastUsed = 0
      meter.address = null
    }
    if (meter.accepted === 0 && meter.refused === null) busy.push(meter)
    if (outcome === 'accepted') {
      meter.accepted++
      meter.lastUsed = Math.max(meter.lastUsed, nowMs - minute * MINUTE_MS)
      meter.address ??= caller?.ip ?? null
    } else {
      meter.refused ??= new Map()
      meter.refused.set(outcome, (meter.refused.get(outcome) ?? 0) + 1)
    }
  }

  /** By its id, which tells when it was made. */
  function isYoung(id: string, minute: number): boolean {
    if (youngFrom.minute !== minute) {
      youngFrom = { minute, id: earliestKeyId((minute - YOUNG_MINUTES) * MINUTE_MS) }
    }
    return id > youngFrom.id
  }

  function empty(meter: UsageMeter): void {
    if (meter.accepted !== 0) {
      const lastUsedMs = meter.minute * MINUTE_MS + meter.lastUsed
      wait(meter, 'accepted', meter.accepted, lastUsedMs)
      meter.accepted = 0
    }
    if (meter.refused !== null) {
      for (const [outcome, count] of meter.refused) wait(meter, outcome, count, 0)
      meter.refused = null
    }
  }

  function wait(meter: UsageMeter, outcome: Outcome, count: number, lastUsedMs: number): void {
    const { key, minute, address } = meter
    const { id, owner, secretId } = key
    const name = `${secretId ?? id} ${minute} ${outcome}`
    const same = waiting.get(name)
    if (same !== undefined) {
      same.count += count
      if (lastUsedMs >= same.lastUsedMs) {
        same.lastUsedMs = lastUsedMs
        same.address = address
      }
    } else if (waiting.size < MAX_WAITING) {
      waiting.set(name, { id, secretId, owner, minute, outcome, count, lastUsedMs, address })
    } else {
      lost += count
    }
  }

  /** Empties only as many meters as it needs, so that no request waits for all of them. */
  function nextBatch(): UsageBatch | null {
    while (waiting.size < MAX_BATCH && due.length > 0) empty(due.pop()!)
    const counts: UsageCount[] = []
    for (const [name, count] of waiting) {
      waiting.delete(name)
      if (counts.push(count) === MAX_BATCH) break
    }
    return counts.length === 0 ? null : { sequence: ++sequence, counts }
  }

  async function send(): Promise<void> {
    isSending = true
    try {
      while ((batch ??= nextBatch()) !== null) {
        await save(batch)
        batch = null
      }
    } finally {
      // Possibly before the caller has its promise: with nothing to send, there is nothing to wait for.
      isSending = false
    }
  }

  return {
    meterOf: (key) => new UsageMeter(key),
    record,
    flush() {
      due = due.length === 0 ? busy : due.concat(busy)
      busy = []
      young = []
      if (batch !== null) {
        // The last flush failed, or is slow. Until it is over, only counts are kept, of which there is a limit.
        for (const meter of due) empty(meter)
        due = []
      }
      if (lost > 0) onLost(lost)
      lost = 0
      if (!isSending) sent = send()
      return sent
    },
    flushYoung() {
      if (young.length === 0 || isSending || batch !== null) return Promise.resolve()
      due = due.concat(young)
      young = []
      sent = send()
      return sent
    },
  }
}
