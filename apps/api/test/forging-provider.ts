import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Json = Record<string, unknown>

/** What the provider says when it is asked; each may be anything, to see what is taken for true. */
export interface Sayings {
  /** Beside iss, aud, sub, iat, exp, email and email_verified; null takes one away. */
  claims: Json
  /** Who signs: the key that is published, another one under its name, or nobody. */
  signedBy: 'published key' | 'another key' | 'nobody'
  /** In the place of the answers at these paths. */
  instead: Record<string, { status: number; body: string; type?: string }>
  /** What it tells under /userinfo. */
  userInfo: Json
  /** In its own description. */
  metadata: Json
}

const minute = 60

/** A provider that speaks the protocol but for what it is told to say otherwise. */
export async function startForgingProvider(clientId: string) {
  const keys = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }))
  const says: Sayings = {
    ...{ claims: {}, signedBy: 'published key', instead: {}, userInfo: {}, metadata: {} },
  }
  const honest = structuredClone(says)

  const server = createServer((request, response) => {
    const path = request.url!.split('?', 1)[0]!
    const { status, body, type } = says.instead[path] ?? { status: 200, body: JSON.stringify(answer(path)) }
    response.writeHead(status, { 'content-type': type ?? 'application/json' }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function answer(path: string): Json {
    if (path === '/jwks') {
      const jwk = keys[0]!.publicKey.export({ format: 'jwk' })
      return { keys: [{ ...jwk, kid: 'one', use: 'sig', alg: 'RS256' }] }
    }
    if (path === '/token') return { access_token: 'x', token_type: 'Bearer', id_token: idToken() }
    if (path === '/userinfo') return says.userInfo
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      ...says.metadata,
    }
  }

  function idToken(): string {
    const now = Math.floor(Date.now() / 1000)
    const email = { email: 'somebody@example.com', email_verified: true }
    const claims = { iss: issuer, aud: clientId, sub: 'somebody', iat: now, exp: now + 5 * minute, ...email }
    const payload = Object.entries({ ...claims, ...says.claims }).filter(([, value]) => value !== null)
    const alg = says.signedBy === 'nobody' ? 'none' : 'RS256'
    const text = [{ alg, kid: 'one' }, Object.fromEntries(payload)]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    if (says.signedBy === 'nobody') return `${text}.`
    const key = keys[says.signedBy === 'published key' ? 0 : 1]!.privateKey
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
  }

  return {
    issuer,
    says,
    /** Tells the truth from here on. */
    reset: () => void Object.assign(says, structuredClone(honest)),
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
