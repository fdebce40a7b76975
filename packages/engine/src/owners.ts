import { isDeepStrictEqual } from 'node:util'
import type { Author } from './author.ts'
import { checkExpiryPolicy, type ExpiryPolicy } from './expiry-policy.ts'
import { assertActor, assertIdentity } from './identity.ts'
import { invalid, type InvalidInput } from './checked.ts'
import { checkIssuePolicy, type IssuePolicy } from './issue-policy.ts'
import { checkScopes } from './key-input.ts'
import { parseLine } from './line.ts'
import type { AwaitReceipt, RevocationReceipt } from './receipts.ts'
import type { ScopeCatalog } from './scopes.ts'
import type { OwnerStore } from './store.ts'

/** The most characters (Unicode code points) that the reason of a suspension may have. */
export const MAX_SUSPENSION_REASON_LENGTH = 500

/** Nothing that an owner has opens anything, until this is lifted. */
export interface Suspension {
  since: Date
  /** In words for the people of the owner. */
  reason: string
}

/** What holds for all keys of an owner. */
export interface OwnerSettings {
  /** What its keys may do at most, now; null: whatever each of them says. */
  readonly scopes: readonly string[] | null
  /** What it asks beyond the host's policy; null: nothing. */
  readonly expiryPolicy: ExpiryPolicy | null
  /** Which keys people may hand out; null: whatever each of them may. */
  readonly issuePolicy: IssuePolicy | null
  /** null: it is not suspended. */
  readonly suspension: Suspension | null
}

/** What an owner asks of new keys; what is left out stays. */
export type PolicyChange = Partial<Pick<OwnerSettings, 'expiryPolicy' | 'issuePolicy'>>

/** Of an owner of whom nothing was ever said. */
export const NO_SETTINGS: OwnerSettings = Object.freeze({
  scopes: null,
  expiryPolicy: null,
  issuePolicy: null,
  suspension: null,
})

/** Who changes what the host decides by itself, as when a plan ends. */
const HOST: Author = Object.freeze({ id: 'host', name: null, type: 'system' })

/** The outcome of a setting. */
export type SettingResult = { ok: true; settings: OwnerSettings } | InvalidInput

/** The outcome of a suspension. */
export type SuspendResult =
  | { ok: true; suspension: Suspension; receipt: RevocationReceipt }
  | InvalidInput
  | { ok: false; reason: 'suspended' }

/**
 * The owners of keys, as far as Latchkey knows them: by an id of the host's. Each call rejects with StoreUnavailable
 * when the database does not do its part. Without an actor, it is the host itself that changes something.
 */
export interface Owners {
  get(owner: string): Promise<OwnerSettings>
  /**
   * Says what an owner may do now, as when a plan or a contract changes. Its keys, those that exist included, can do
   * what they say and this allows, at once here and within a second on every node. null takes the bound away.
   */
  setScopes(owner: string, scopes: readonly string[] | null, actor?: Author): Promise<SettingResult>
  /**
   * Says for how long new keys may live, what they may be given, and who gets live ones. Keys that exist keep what they
   * have. null takes a policy away. A field that is refused is named with its policy before it: `expiryPolicy/maxDays`.
   */
  setPolicy(owner: string, change: PolicyChange, actor?: Author): Promise<SettingResult>
  /**
   * Refuses every key of an owner, those to come included, from now on and on every node; the receipt tells on how many.
   * No key is changed. Whoever suspended it first stands.
   */
  suspend(owner: string, reason: string, actor?: Author): Promise<SuspendResult>
  /** Gives an owner back what it had. Of one that is not suspended nothing is changed, nor recorded. */
  liftSuspension(owner: string, actor?: Author): Promise<void>
}

/** What {@link createOwners} needs from outside. */
export interface OwnersOptions {
  store: OwnerStore
  catalog: ScopeCatalog
  /** Forgets what is in memory of every key. */
  forgetKeys: () => void
  awaitReceipt: AwaitReceipt
  now: () => number
}

/** Makes the settings of one namespace's owners. */
export function createOwners({ store, catalog, forgetKeys, awaitReceipt, now }: OwnersOptions): Owners {
  /** Most often nothing is news, as when a host says at each request what an owner may do. */
  async function set(
    owner: string,
    change: Partial<Omit<OwnerSettings, 'suspension'>>,
    actor: Author = HOST,
  ): Promise<SettingResult> {
    assertActor(actor)
    const before = await store.find(owner)
    const settings = { ...before, ...change }
    if (!isDeepStrictEqual(settings, before)) {
      await store.change(owner, change, actor)
      if ('scopes' in change) forgetKeys()
    }
    return { ok: true, settings }
  }

  return {
    get(owner) {
      assertIdentity(owner)
      return store.find(owner)
    },

    async setScopes(owner, scopes, actor) {
      assertIdentity(owner)
      if (scopes === null) return set(owner, { scopes: null }, actor)
      const checked = checkScopes(scopes, catalog)
      return checked.ok ? set(owner, { scopes: checked.value }, actor) : checked
    },

    async setPolicy(owner, { expiryPolicy, issuePolicy }, actor) {
      assertIdentity(owner)
      const expiry = expiryPolicy && checkExpiryPolicy(expiryPolicy)
      if (expiry?.ok === false) return { ...expiry, field: `expiryPolicy/${expiry.field}` }
      const issue = issuePolicy && checkIssuePolicy(issuePolicy, catalog)
      if (issue?.ok === false) return { ...issue, field: `issuePolicy/${issue.field}` }
      const change = {
        ...(expiryPolicy !== undefined && { expiryPolicy: expiry?.value ?? null }),
        ...(issuePolicy !== undefined && { issuePolicy: issue?.value ?? null }),
      }
      return set(owner, change, actor)
    },

    async suspend(owner, reason, actor = HOST) {
      assertIdentity(owner, actor)
      const parsed = parseLine(reason, MAX_SUSPENSION_REASON_LENGTH)
      if (!parsed.ok) return invalid('reason', parsed.message)
      const suspension = { since: new Date(now()), reason: parsed.line }
      const suspended = await store.suspend(owner, suspension, actor)
      if (suspended === null) return { ok: false, reason: 'suspended' }
      forgetKeys()
      return { ok: true, suspension, receipt: await awaitReceipt(suspended.unconfirmed) }
    },

    async liftSuspension(owner, actor = HOST) {
      assertIdentity(owner, actor)
      await store.liftSuspension(owner, actor)
      forgetKeys()
    },
  }
}
