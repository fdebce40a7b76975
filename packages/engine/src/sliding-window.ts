/** A window moves on by this part of itself at a time. */
const STEPS = 30
/** The step that is now, and those of which a part is still in the window. */
const SLOTS = STEPS + 1

/** Where the numbers of a window are, counted from its place in the ledger. */
const WINDOW_MS = 0
const STEP = 1
/** No units were taken in steps before this one. */
const OLDEST = 2
const USED = 3
/** Units by step, as a ring. */
const TAKEN = 4
const SIZE = TAKEN + SLOTS

/**
 * Windows that slide, of one key: how many units were taken within each. A window is cut into 30 steps, and units
 * are given back when the whole step in which they were taken is outside the window: so no window of this length,
 * wherever it begins, ever holds more than was let through, and units come back at most a thirtieth of the window
 * late. A token bucket (GCRA) would need less memory, but lets up to twice the limit through within one window; a
 * fixed window does so at each edge.
 *
 * All numbers of all windows are in one list, and functions work on it in place: a request of one among many
 * thousand keys waits for memory more than it computes, so what it needs lies together. Times are milliseconds from
 * some fixed moment that is not long ago: numbers so small need no memory of their own.
 */
export type WindowLedger = number[]

/** The ledger with an empty window at its end, which is as long as it must be: lists that grow take room ahead. */
export function withWindow(ledger: WindowLedger, windowSeconds: number): WindowLedger {
  return ledger.concat([windowSeconds * 1_000, 0, 0, 0], new Array<number>(SLOTS).fill(0))
}

/** The ledger with a window at its end as it is in another ledger. */
export function withCopy(ledger: WindowLedger, from: WindowLedger, place: number): WindowLedger {
  return ledger.concat(from.slice(place, place + SIZE))
}

/** How many windows are in a ledger. */
export function windowsIn(ledger: WindowLedger): number {
  return ledger.length / SIZE
}

/** Gives back what is outside the window by now. A clock that steps back stands still here. */
export function slideWindow(ledger: WindowLedger, place: number, nowMs: number): void {
  const last = ledger[place + STEP]!
  // Whole numbers but for the one division, so that no rounding moves an edge.
  const step = Math.floor((nowMs * STEPS) / ledger[place + WINDOW_MS]!)
  if (step <= last) return
  const taken = place + TAKEN
  let used = ledger[place + USED]!
  const end = Math.min(step, last + SLOTS)
  for (let left = last + 1; left <= end; left++) {
    const slot = taken + (left % SLOTS)
    used -= ledger[slot]!
    ledger[slot] = 0
  }
  let oldest = Math.max(ledger[place + OLDEST]!, step - STEPS)
  while (oldest < step && ledger[taken + (oldest % SLOTS)] === 0) oldest++
  ledger[place + STEP] = step
  ledger[place + OLDEST] = oldest
  ledger[place + USED] = used
}

/** Units that were taken and have not come back. */
export function usedOf(ledger: WindowLedger, place: number): number {
  return ledger[place + USED]!
}

/** Takes units, in the step to which the window was moved. */
export function takeFrom(ledger: WindowLedger, place: number, units: number): void {
  ledger[place + USED]! += units
  ledger[place + TAKEN + (ledger[place + STEP]! % SLOTS)]! += units
}

/** Milliseconds until at least so many units have come back. */
export function msUntilBack(ledger: WindowLedger, place: number, units: number, nowMs: number): number {
  const taken = place + TAKEN
  const last = ledger[place + STEP]!
  let step = ledger[place + OLDEST]!
  let back = ledger[taken + (step % SLOTS)]!
  while (back < units && step < last) back += ledger[taken + (++step % SLOTS)]!
  const backAtMs = Math.ceil(((step + SLOTS) * ledger[place + WINDOW_MS]!) / STEPS)
  return Math.max(0, backAtMs - nowMs)
}
