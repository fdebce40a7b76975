import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { freePort } from './free-port.ts'
import { OidcProvider, type ProviderContext } from './oidc-provider.ts'

/** Somebody who can sign in at the provider, by their subject alone. */
export interface OpenIdPerson {
  email: string
  email_verified: boolean
  name?: string
}

export interface OpenIdServer {
  issuer: string
  clientId: string
  clientSecret: string
  /** By subject. Whoever is not among them is told so on the page. */
  people: Map<string, OpenIdPerson>
  /** Starts anew at the same address, after `stop`. */
  start: () => Promise<void>
  stop: () => Promise<void>
}

const page = (body: string) =>
  `<!doctype html><html lang="en"><title>Test provider</title><main><h1>Test provider</h1>${body}</main></html>`

const form = `<form method="post"><label>Subject <input name="subject" required></label> <button>Sign in</button></form>
<form method="post"><button name="abort" value="yes">Cancel</button></form>`

/** A real OpenID provider on 127.0.0.1, with one client and a page on which people say who they are. */
export async function startOpenIdProvider(redirectUri: string): Promise<OpenIdServer> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const [clientId, clientSecret] = ['latchkey', randomBytes(24).toString('base64url')]
  const people = new Map<string, OpenIdPerson>()

  const provider = new OidcProvider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600 },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    jwks: { keys: [newSigningKey()] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context: ProviderContext, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_context: ProviderContext, subject: string) => {
      const person = people.get(subject)
      return person && { accountId: subject, claims: () => ({ sub: subject, ...person }) }
    },
    // Nobody is asked whether the client may know their name: they sign in, and that is it.
    async loadExistingGrant({ oidc: { client, session } }: ProviderContext) {
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  })

  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = new URLSearchParams(request.method === 'POST' ? await text(request) : '')
    const accountId = sent.get('subject') ?? ''
    if (sent.has('abort')) await provider.interactionFinished(request, response, { error: 'access_denied' })
    else if (people.has(accountId))
      await provider.interactionFinished(request, response, { login: { accountId } })
    else response.setHeader('content-type', 'text/html; charset=utf-8').end(page(form))
  }

  const answer = provider.callback()
  const listen = async () => {
    const server = createServer((request, response) => {
      void (request.url?.startsWith('/interaction/') ? interact : answer)(request, response)
    }).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  let server = await listen()

  return {
    issuer,
    clientId,
    clientSecret,
    people,
    async start() {
      server = await listen()
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function newSigningKey(): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }
}
