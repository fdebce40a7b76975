// Stand-in until @latchkey/client is generated.
import createFetchClient from 'openapi-fetch'
export interface ApiKey {
  id: string
  name: string
  owner: string
  environment: 'live' | 'test'
  status: 'active' | 'disabled' | 'expired' | 'revoked'
  start: string
  scopes: string[]
  metadata: Record<string, unknown>
  createdAt: string
  createdBy: { id: string; name: string | null }
  updatedAt: string
  expiresAt: string | null
  lastUsedAt: string | null
  revokedAt: string | null
}
interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: string
  requestId: string
  errors?: { field: string; message: string }[]
}
type Json<T> = { content: { 'application/json': T } }
type Bad = { content: { 'application/problem+json': Problem } }
type Session = {
  user: { id: string; name: string; email: string }
  workspace: { id: string; name: string }
  role: 'owner' | 'admin' | 'developer' | 'viewer'
  expiresAt: string
}
type Body<T> = { requestBody: { content: { 'application/json': T } } }
export interface paths {
  '/v1/setup': {
    get: { responses: { 200: Json<{ needed: boolean }>; 503: Bad } }
    post: Body<{ token: string; name: string; email: string; password: string; workspaceName: string }> & {
      responses: { 201: Json<object>; 400: Bad }
    }
  }
  '/v1/session': {
    get: { responses: { 200: Json<Session>; 401: Bad } }
    post: Body<{ email: string; password: string }> & { responses: { 200: Json<Session>; 401: Bad } }
    delete: { responses: { 204: { content?: never }; 401: Bad } }
  }
  '/v1/sessions': { delete: { responses: { 204: { content?: never }; 401: Bad } } }
  '/v1/api-keys': {
    get: {
      parameters: {
        query?: {
          limit?: number
          cursor?: string
          q?: string
          status?: ApiKey['status'][]
          environment?: 'live' | 'test'
          sort?: 'createdAt' | '-createdAt' | 'name' | '-name'
        }
      }
      responses: { 200: Json<{ data: ApiKey[]; nextCursor: string | null }>; 400: Bad }
    }
    post: { parameters: { header?: { 'idempotency-key'?: string } } } & Body<{
      name: string
      environment?: 'live' | 'test'
      scopes?: string[]
      expiresAt?: string | null
    }> & { responses: { 201: Json<{ apiKey: ApiKey; secret: string }>; 400: Bad } }
  }
  '/v1/api-keys/scopes': {
    get: {
      responses: { 200: Json<{ data: { name: string; description: string }[]; keyPrefix: string }>; 401: Bad }
    }
  }
  '/v1/api-keys/{id}': {
    get: { parameters: { path: { id: string } }; responses: { 200: Json<ApiKey>; 404: Bad } }
    patch: { parameters: { path: { id: string } } } & Body<{ enabled?: boolean }> & {
        responses: { 200: Json<ApiKey>; 404: Bad }
      }
    delete: { parameters: { path: { id: string } }; responses: { 204: { content?: never }; 404: Bad } }
  }
}
export const createClient = (options: {
  baseUrl: string
  headers?: Record<string, string>
  fetch?: (request: Request) => Promise<Response>
}) => createFetchClient<paths>(options)
