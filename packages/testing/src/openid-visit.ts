/**
 * Goes from the address at a provider of openid-provider.ts to where it sends the browser back, as a browser does with
 * somebody in front of it. Each visit is a browser of its own. With null somebody cancels.
 */
export async function visitOpenIdProvider(location: string, subject: string | null): Promise<URL> {
  const cookies = new Map<string, string>()
  let [address, body] = [new URL(location), null as URLSearchParams | null]
  const home = address.origin
  for (let steps = 0; steps < 10; steps += 1) {
    const response = await fetch(address, {
      method: body ? 'POST' : 'GET',
      body,
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!
      cookies.set(name!, value!)
    }
    const next = response.headers.get('location')
    if (next === null && body !== null) throw new Error(`The provider knows no ${subject}.`)
    if (next === null && response.ok) {
      body = new URLSearchParams(subject === null ? { abort: 'yes' } : { subject })
      continue
    }
    if (next === null) throw new Error(`The provider answered ${response.status}: ${await response.text()}`)
    ;[address, body] = [new URL(next, address), null]
    if (address.origin !== home) return address
  }
  throw new Error('The provider sends the browser round and round.')
}
