import type { IncomingMessage, ServerResponse } from 'node:http'
// @ts-expect-error -- The package brings no types.
import untyped from 'oidc-provider'

interface Grant {
  addOIDCScope(scope: string): void
  save(): Promise<string>
}

export interface ProviderContext {
  oidc: { client: { clientId: string }; session: { accountId: string } }
}

interface Provider {
  Grant: new (values: { clientId: string; accountId: string }) => Grant
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
}

/** oidc-provider, as far as openid-provider.ts uses it. */
export const OidcProvider = untyped as new (issuer: string, configuration: object) => Provider
