import { isDeepStrictEqual } from 'node:util'
import type { Author } from './author.ts'
import { checkExpiryPolicy, type ExpiryPolicy } from './expiry-policy.ts'
import { assertActor, assertIdentity } from './identity.ts'
import type { InvalidInput } from './checked.ts'
import { checkIssuePolicy, type IssuePolicy } from './issue-policy.ts'
import { checkScopes } from './key-input.ts'
import type { ScopeCatalog } from './scopes.ts'
import type { OwnerStore } from './store.ts'

/** What holds for all keys of an owner. */
export interface OwnerSettings {
  /** What its keys may do at most, now; null: whatever each of them says. */
  readonly scopes: readonly string[] | null
  /** What it asks beyond the host's policy; null: nothing. */
  readonly expiryPolicy: ExpiryPolicy | null
  /** Which keys people may hand out; null: whatever each of them may. */
  readonly issuePolicy: IssuePolicy | null
}

/** What an owner asks of new keys; what is left out stays. */
export type PolicyChange = Partial<Pick<OwnerSettings, 'expiryPolicy' | 'issuePolicy'>>

/** Of an owner of whom nothing was ever said. */
export const NO_SETTINGS: OwnerSettings = Object.freeze({
  scopes: null,
  expiryPolicy: null,
  issuePolicy: null,
})

/** Who changes what the host decides by itself, as when a plan ends. */
const HOST: Author = Object.freeze({ id: 'host', name: null, type: 'system' })

/** The outcome of a setting. */
export type SettingResult = { ok: true; settings: OwnerSettings } | InvalidInput

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
}

/** What {@link createOwners} needs from outside. */
export interface OwnersOptions {
  store: OwnerStore
  catalog: ScopeCatalog
  /** Forgets what is in memory of every key. */
  forgetKeys: () => void
}

/** Makes the settings of one namespace's owners. */
export function createOwners({ store, catalog, forgetKeys }: OwnersOptions): Owners {
  /** Most often nothing is news, as when a host says at each request what an owner may do. */
  async function set(
    owner: string,
    change: Partial<OwnerSettings>,
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
  }
}
