import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** A load, as wrk makes it. */
export interface Load {
  url: string
  seconds: number
  connections?: number
  headers?: Readonly<Record<string, string>>
  /** What is sent, when it is not the same GET again and again. */
  requests?: PreparedRequests
  /** Milliseconds that each connection waits before each prepared request. */
  pauseMs?: number
  /** Gives way to others on its core. */
  nice?: boolean
  /** Which status every reply shall have; a run with others is worth nothing and ends in an error. */
  expected?: 'success' | 'refusal' | 'any'
}

/** Requests with different credentials, made ready in files before the load begins. */
export interface PreparedRequests {
  credentialsFile: string
  orderFile: string
}

/** What wrk saw. */
export interface LoadResult {
  requests: number
  seconds: number
  requestsPerSecond: number
  /** Replies with another status than 2xx or 3xx. */
  refused: number
  /** Milliseconds. */
  p50: number
  p99: number
  p999: number
}

const run = promisify(execFile)

/** Puts a load on a server, with one thread, from the cores of this process. */
export async function load(given: Load): Promise<LoadResult> {
  const {
    url,
    seconds,
    connections = 32,
    headers = {},
    expected = 'success',
    nice = false,
    requests: prepared,
  } = given
  const script = fileURLToPath(new URL('wrk.lua', import.meta.url))
  const args = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script]
  for (const [name, value] of Object.entries(headers)) args.push('-H', `${name}: ${value}`)
  args.push(url)
  if (prepared) args.push('--', prepared.credentialsFile, prepared.orderFile, String(given.pauseMs ?? 0))
  const command = nice ? ['nice', '-n', '19', ...args] : args

  const { stdout } = await run(command[0]!, command.slice(1), { maxBuffer: 2 ** 24 })
  const line = stdout.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`wrk said nothing that could be read:\n${stdout}`)
  const result = JSON.parse(line) as Omit<LoadResult, 'requestsPerSecond'> & { broken: number }
  const { requests, refused, broken } = result
  if (broken > 0 || requests === 0) throw new Error(`${broken} connections of wrk broke at ${url}.`)
  if (expected === 'success' && refused > 0)
    throw new Error(`${refused} of ${requests} requests were refused.`)
  if (expected === 'refusal' && refused < requests) throw new Error(`${requests - refused} were let through.`)
  return { ...result, requestsPerSecond: requests / result.seconds }
}
