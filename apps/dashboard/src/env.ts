import { defineEnvVars } from '@sveltejs/kit/env'

export const variables = defineEnvVars({
  API_URL: {
    description: 'Where the dashboard’s server reaches the API.',
    schema: (value) => webUrl(value ?? 'http://localhost:3000').href.replace(/\/+$/, ''),
  },
  API_PUBLIC_URL: {
    description: 'The API’s address as its callers write it, shown in examples. Left out: API_URL.',
    schema: (value) => (value === undefined ? undefined : webUrl(value).href.replace(/\/+$/, '')),
  },
  ORIGIN: {
    description:
      'The one address people open the dashboard at. A proxy in front must pass the Host header on: other hosts are redirected here.',
    schema: (value) => {
      const url = webUrl(value ?? 'http://localhost:4000')
      if (url.href !== `${url.origin}/`)
        throw new Error('must be an origin without a path, like https://keys.example.com')
      return url.origin
    },
  },
})

function webUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw new Error('must be a http:// or https:// address without a user name')
  return url
}
