import type { LightMyRequestResponse } from 'fastify'
import type { Api } from './api.ts'

/** A browser as far as sign-in goes: it keeps the cookies that the API sets, and hands in what it came back with. */
export function openIdBrowser(api: Api) {
  const cookies = new Map<string, string>()

  async function send(
    method: 'POST' | 'DELETE',
    url: string,
    payload?: object,
  ): Promise<LightMyRequestResponse> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await api.inject({ method, url, headers: { cookie }, ...(payload && { payload }) })
    for (const text of [response.headers['set-cookie'] ?? []].flat()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text)!
      if (value) {
        cookies.set(name!, value)
        api.credentials.add(value)
      } else cookies.delete(name!)
    }
    return response
  }

  const post = (url: string, payload?: object) => send('POST', url, payload)

  return {
    cookies,
    post,
    delete: (url: string) => send('DELETE', url),
    /** The address at the provider. */
    async begin(payload: object | undefined = {}, url = '/v1/openid/sign-in'): Promise<string> {
      const response = await post(url, payload)
      if (response.statusCode !== 200) throw new Error(`${url} answered ${response.body}`)
      return response.json<{ location: string }>().location
    },
    finish(back: URL): Promise<LightMyRequestResponse> {
      const answer = Object.fromEntries(back.searchParams)
      for (const name of ['code', 'state']) if (answer[name]) api.credentials.add(answer[name])
      delete answer['error_description']
      return post('/v1/openid/callback', answer)
    },
    /** `name=value` of the session. */
    get session(): string {
      return `__Host-latchkey_session=${cookies.get('__Host-latchkey_session') ?? ''}`
    },
  }
}
