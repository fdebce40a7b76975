/**
 * The store could not answer: it is away, too slow, or it refused the statement. It says nothing about any key,
 * so a caller must answer "try again", never yes or no.
 *
 * It carries the SQLSTATE and no more: no statement, no parameter, no cause, so it may be logged.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  /** The five characters by which Postgres names the trouble, or null when the trouble came before Postgres. */
  readonly sqlState: string | null

  constructor(message: string, sqlState: string | null = null) {
    super(message)
    this.sqlState = sqlState
  }

  /**
   * Reduces whatever a driver threw to what may be told.
   *
   * @param where what was being done or tried, for the message; never with a user or a password.
   */
  static from(error: unknown, where?: string): StoreUnavailable {
    if (error instanceof StoreUnavailable) return error
    const code = codeOf(error)
    const isSqlState = code !== null && SQL_STATE.test(code)
    const subject = where === undefined ? 'The key store' : `${where}: the database`
    if (isSqlState) return new StoreUnavailable(`${subject} refused (SQLSTATE ${code}).`, code)
    return new StoreUnavailable(`${subject} did not answer${code === null ? '' : ` (${code})`}.`)
  }
}

/** Its classes are narrow on purpose: five capital letters may also be a system error, as EPIPE. */
const SQL_STATE = /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/
const ERROR_CODE = /^[A-Z0-9_]{1,40}$/

/** Drivers and Drizzle wrap the error that has the code; follow `cause` a few steps to it. */
function codeOf(error: unknown): string | null {
  let current = error
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth++) {
    const { code, cause } = current as { code?: unknown; cause?: unknown }
    if (typeof code === 'string' && ERROR_CODE.test(code)) return code
    current = cause
  }
  return null
}
