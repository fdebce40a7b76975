import type { PublicSigningKey, SealedSigningKey, SigningKey, SigningKeyVault } from './signing-key.ts'
import { planRotation, signerAt, TRUSTED_MS } from './signing-schedule.ts'

const REFRESH_INTERVAL_MS = 60_000

/** What is done about the keys of a namespace. */
export interface SigningKeyChange {
  readonly add: SealedSigningKey | null
  readonly remove: readonly string[]
}

/**
 * Where signing keys live. Each method answers with every key of the namespace in the order in which they sign, and
 * rejects with StoreUnavailable, and nothing else, when the database does not do its part in time.
 */
export interface SigningKeyStore {
  read(): Promise<readonly SealedSigningKey[]>
  /** Changes them while no other process can. `decide` sees what there is then; it must be pure. */
  change(
    decide: (keys: readonly SealedSigningKey[]) => SigningKeyChange,
  ): Promise<readonly SealedSigningKey[]>
}

/** Public keys as RFC 7517 has them: a JWKS. */
export interface Jwks {
  readonly keys: readonly PublicSigningKey[]
}

/** The keys of a namespace, in memory. */
export interface SigningKeys {
  /** The key that signs now. @throws StoreUnavailable when what is known of the keys is too old, and cannot be renewed. */
  signer(nowMs: number): Promise<SigningKey>
  /** Every key whose signature may be met now or soon. @throws StoreUnavailable as `signer` does. */
  jwks(nowMs: number): Promise<Jwks>
  close(): Promise<void>
}

/** What {@link openSigningKeys} needs from outside. */
export interface SigningKeysOptions {
  store: SigningKeyStore
  vault: SigningKeyVault
  now: () => number
  onError: (error: Error) => void
}

interface Known {
  readonly readAtMs: number
  readonly keys: readonly SigningKey[]
  readonly jwks: Jwks
}

/**
 * Reads the keys of a namespace, making the first if there is none, and again every minute, rotating them when it is
 * time. Whoever needs one waits for nothing but, after an outage, a database that has to be asked again.
 */
export async function openSigningKeys(options: SigningKeysOptions): Promise<SigningKeys> {
  const { store, vault, now, onError } = options
  let latest = await refresh([])
  let work: Promise<Known> | null = null

  async function refresh(opened: readonly SigningKey[]): Promise<Known> {
    const readAtMs = now()
    const sealed = await rotate(await store.read(), readAtMs)
    const known = new Map(opened.map((key) => [key.kid, key]))
    const keys = await Promise.all(sealed.map(async (key) => known.get(key.kid) ?? vault.open(key)))
    return { readAtMs, keys, jwks: { keys: keys.map(({ publicKey }) => publicKey) } }
  }

  /** Looks again once no other process can change anything: most often another one was first. */
  async function rotate(
    keys: readonly SealedSigningKey[],
    nowMs: number,
  ): Promise<readonly SealedSigningKey[]> {
    const { nextSignsFromMs, ended } = planRotation(keys, nowMs)
    if (nextSignsFromMs === null && ended.length === 0) return keys
    const next = nextSignsFromMs === null ? null : await vault.make(nextSignsFromMs)
    return store.change((present) => {
      const plan = planRotation(present, nowMs)
      return { add: plan.nextSignsFromMs === next?.signsFromMs ? next : null, remove: plan.ended }
    })
  }

  function renew(): Promise<Known> {
    return (work ??= refresh(latest.keys)
      .then((renewed) => (latest = renewed))
      .finally(() => (work = null)))
  }

  /** A clock that was set back makes what was read as doubtful as one that went on. */
  function present(nowMs: number): Known | Promise<Known> {
    return Math.abs(nowMs - latest.readAtMs) <= TRUSTED_MS ? latest : renew()
  }

  const timer = setInterval(() => void renew().catch(onError), REFRESH_INTERVAL_MS).unref()

  return {
    async signer(nowMs) {
      const { keys } = await present(nowMs)
      return signerAt(keys, nowMs)!
    },
    async jwks(nowMs) {
      return (await present(nowMs)).jwks
    },
    async close() {
      clearInterval(timer)
      // Whoever began it is told how it ended.
      await work?.catch(() => undefined)
    },
  }
}
