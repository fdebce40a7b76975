/** What one check of `latchkey doctor` found. */
export interface Check {
  name: string
  /** Only `failed` makes the command fail. */
  status: 'ok' | 'warning' | 'failed'
  /** A sentence; if it is not `ok`, one that says what to do. */
  message: string
  /** The numbers behind it, for scripts. */
  details?: Record<string, unknown>
}
