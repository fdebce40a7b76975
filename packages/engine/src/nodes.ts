/** One open Latchkey of a namespace, as it last said itself. What it did not say is null: it is of an older version. */
export interface NodeStatus {
  /** Another one each time that it is opened. */
  id: string
  /** Whether it is the one that was asked. */
  isSelf: boolean
  version: string | null
  /** The name of its machine and the id of its process, `api-1:4711`. */
  host: string | null
  /** Whether it hears of changes as they are made; false: it asks for them, twice a second. */
  isListening: boolean | null
  /** When it last read the log of changes; up to two seconds ago while it is well. */
  seenAt: Date
  /** Whether anybody waits for its receipts. Who was not seen for five seconds has crashed, or lost the database. */
  isAlive: boolean
  /** How many milliseconds after the last loss of a key it had dropped that; null when there was none in the last minutes. */
  lagMs: number | null
}

/** The nodes of a namespace. A node that crashed is told of for about a minute; one that was closed, not at all. */
export interface Nodes {
  /** Rejects with StoreUnavailable when the database does not do its part. */
  list(): Promise<NodeStatus[]>
}
