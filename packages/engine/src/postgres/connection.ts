import type postgres from 'postgres'

/** A client of one connection, which calls `onclose` whenever that connection ends, or cannot be made. */
export type Connect = (onclose: () => void) => {
  client: postgres.Sql
  /** Closes its socket, in whatever state. */
  hangUp: () => void
}

/** What is given to postgres.js: the text, its parameters, and whether it is prepared. */
export type Statement = Parameters<postgres.Sql['unsafe']>

/** What postgres.js answers, whether rows are objects or lists of values. */
export type Rows = postgres.RowList<postgres.Row[]>

/** How long a connection is used: a server's process grows with all that it has read. */
const MAX_AGE_MS = 45 * 60_000

/**
 * One connection to the server, for one user at a time, with a postgres.js client of its own, which ends with it. A
 * client that connects again remembers things of the connection before: its last error, which it then gives to the
 * first who asks (porsager/postgres#1216), or that it was about to write, after which it never does (#1168).
 */
export class Connection {
  /** A statement succeeded, so it was a connection. */
  hasAnswered = false
  isOver = false
  readonly #client: postgres.Sql
  readonly #hangUp: () => void
  readonly #onOver: (connection: Connection) => void
  readonly #oldAt = performance.now() + MAX_AGE_MS * (0.8 + Math.random() / 5)
  #interrupt: ((error: Error) => void) | null = null

  constructor(connect: Connect, onOver: (connection: Connection) => void) {
    this.#onOver = onOver
    const { client, hangUp } = connect(() => void this.end(0))
    this.#client = client
    this.#hangUp = hangUp
  }

  /** Whether it is time for another one. */
  get isOld(): boolean {
    return performance.now() > this.#oldAt
  }

  /**
   * Sends a statement, when the one before was answered: one that waits inside postgres.js makes it connect again.
   *
   * @param asValues whether a row is a list of values instead of an object.
   */
  async send(statement: Statement, asValues = false): Promise<Rows> {
    try {
      const query = this.#client.unsafe(...statement)
      const rows = (await (asValues ? query.values() : query)) as Rows
      this.hasAnswered = true
      return rows
    } catch (error) {
      // Anything but an answer: the connection has ended or is about to.
      if ((error as { severity?: unknown }).severity !== 'ERROR') void this.end(0)
      throw error
    }
  }

  /**
   * Runs the work in a transaction, which is committed when the work resolves. Nothing else may be sent meanwhile.
   * postgres.js has a `begin` too; with that, a connection that ends in the middle of a transaction ends the whole
   * process (porsager/postgres#1208).
   *
   * @throws whatever the work throws, after the transaction was rolled back; the first failure of a statement when
   * the work took no notice of it; ConnectionEnded, and then nothing was committed, unless it ended in the commit.
   */
  async transact<T>(work: (sql: postgres.TransactionSql) => Promise<T>): Promise<T> {
    const interrupted = Promise.withResolvers<never>()
    this.#interrupt = interrupted.reject
    try {
      return await Promise.race([this.#transact(work), interrupted.promise])
    } finally {
      this.#interrupt = null
    }
  }

  async #transact<T>(work: (sql: postgres.TransactionSql) => Promise<T>): Promise<T> {
    const transaction = new Transaction(this)
    await transaction.send(['begin'])
    let result: T
    try {
      result = await work(transaction.handle)
    } catch (error) {
      // A connection that cannot even roll back is over, and Postgres does it by itself.
      await transaction.finish('rollback').catch(() => undefined)
      throw error
    }
    const { command } = await transaction.finish('commit')
    // So Postgres answers when a statement failed and nobody noticed.
    if (command === 'ROLLBACK') throw transaction.failure
    return result
  }

  /** Ends the connection and its client, or only the client when the connection has ended by itself. */
  async end(timeoutSeconds: number): Promise<void> {
    if (this.isOver) return
    this.isOver = true
    this.#interrupt?.(new ConnectionEnded())
    this.#onOver(this)
    await this.#client.end({ timeout: timeoutSeconds })
    this.#hangUp()
  }
}

/** Sends one statement at a time, and none once the transaction is finished or its connection has ended. */
class Transaction {
  /** Of the first statement that failed. */
  failure: unknown
  readonly #connection: Connection
  /** Settles when the next statement may be sent. */
  #turn: Promise<unknown> = Promise.resolve()
  #savepoints = 0
  #isFinished = false

  constructor(connection: Connection) {
    this.#connection = connection
  }

  send(statement: Statement, asValues?: boolean): Promise<Rows> {
    if (this.#isFinished) return Promise.reject(new Error('The transaction is over.'))
    const sent = this.#turn.then(() => {
      if (this.#connection.isOver) throw new ConnectionEnded()
      return this.#connection.send(statement, asValues)
    })
    this.#turn = sent.catch((error: unknown) => (this.failure ??= error))
    return sent
  }

  /** After what was sent before; nothing is sent afterwards, by whoever did not wait. */
  finish(statement: 'commit' | 'rollback'): Promise<Rows> {
    const sent = this.send([statement])
    this.#isFinished = true
    return sent
  }

  /** As much of postgres.js' own handle as Drizzle uses. */
  get handle(): postgres.TransactionSql {
    const handle = {
      unsafe: toUnsafe((statement, asValues) => this.send(statement, asValues)),
      savepoint: async <T>(work: (sql: postgres.TransactionSql) => Promise<T>): Promise<T> => {
        const name = `s${++this.#savepoints}`
        await this.send([`savepoint ${name}`])
        try {
          const result = await work(this.handle)
          await this.send([`release savepoint ${name}`])
          return result
        } catch (error) {
          await this.send([`rollback to savepoint ${name}`])
          throw error
        }
      },
    }
    return handle as unknown as postgres.TransactionSql
  }
}

/** `sql.unsafe` as Drizzle uses it: the answer is awaited as it is, or after `values()`. */
export function toUnsafe(send: (statement: Statement, asValues: boolean) => Promise<Rows>) {
  return (...statement: Statement) => ({
    then: <A, B>(onDone: (rows: Rows) => A, onError: (error: unknown) => B) =>
      send(statement, false).then(onDone, onError),
    values: () => send(statement, true),
  })
}

class ConnectionEnded extends Error {
  readonly code = 'CONNECTION_CLOSED'

  constructor() {
    super('The connection to the database ended.')
  }
}
