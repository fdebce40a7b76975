export const snippetKinds = ['curl', 'javascript', 'python', 'env'] as const
export type SnippetKind = (typeof snippetKinds)[number]

/** A call that a key can make, as it is shown to whoever has just got the key. */
export interface ExampleCall {
  path: string
  /** The page that makes it, for a key that works on some pages only. */
  origin: string | null
  /** Whether the key may make it: one that may read nothing is refused everywhere. */
  isAllowed: boolean
}

interface Parts extends Pick<ExampleCall, 'path' | 'origin'> {
  apiUrl: string
  key: string
}

/** Text to copy and run as it is; nothing needs to be installed for it. */
export const snippets: Record<SnippetKind, (parts: Parts) => string> = {
  curl: ({ apiUrl, path, key, origin }) =>
    lines(
      `curl "${apiUrl}${path}" \\`,
      `  -H "Authorization: Bearer ${key}"${origin ? ' \\' : ''}`,
      origin && `  -H "Origin: ${origin}"`,
    ),

  // A browser tells the origin of its page by itself and lets no script do it; others do as they are told.
  javascript: ({ apiUrl, path, key, origin }) =>
    lines(
      `const response = await fetch("${apiUrl}${path}", {`,
      `  headers: { Authorization: "Bearer ${key}"${origin ? `, Origin: "${origin}"` : ''} },`,
      '})',
      'console.log(response.status, await response.json())',
    ),

  python: ({ apiUrl, path, key, origin }) =>
    lines(
      'import json',
      'from urllib.request import Request, urlopen',
      '',
      'request = Request(',
      `    "${apiUrl}${path}",`,
      `    headers={"Authorization": "Bearer ${key}"${origin ? `, "Origin": "${origin}"` : ''}},`,
      ')',
      'with urlopen(request) as response:',
      '    print(response.status, json.load(response))',
    ),

  env: ({ apiUrl, key }) => lines(`LATCHKEY_URL=${apiUrl}`, `LATCHKEY_KEY=${key}`),
}

const lines = (...all: (string | null)[]): string => all.filter((line) => line !== null).join('\n')
