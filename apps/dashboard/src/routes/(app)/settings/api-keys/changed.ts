import type { ChangedApiKeys, RevocationReceipt } from '@latchkey/client'

type Item = ChangedApiKeys['data'][number]

/** What became of some keys. */
export interface Changed {
  action: 'disable' | 'enable' | 'restore' | 'revoke'
  done: { id: string; name: string }[]
  /** Each with the API’s code for why not. */
  refused: { id: string; code: NonNullable<Item['problem']>['code'] }[]
  /** When keys stopped being good. */
  receipt: RevocationReceipt | null
}

export function toChanged(action: Changed['action'], { data, receipt }: ChangedApiKeys): Changed {
  return {
    action,
    done: data.flatMap(({ id, apiKey }) => (apiKey ? [{ id, name: apiKey.name }] : [])),
    refused: data.flatMap(({ id, problem }) => (problem ? [{ id, code: problem.code }] : [])),
    receipt,
  }
}
