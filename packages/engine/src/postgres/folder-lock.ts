import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** Tells this process from an earlier one that had the same id, as the first process of a container always has. */
const PROCESS_TOKEN = randomBytes(8).toString('hex')
const LOCK_NAME = /^lock\.(?<pid>\d+)\.(?<startedAt>\d*)\.(?<token>[0-9a-f]{16})\.[0-9a-f]{8}@(?<host>.+)$/
const ATTEMPTS = 10
const MAX_BACKOFF_MS = 100

interface Holder {
  pid: number
  startedAt: string
  token: string
  host: string
}

/**
 * Takes a folder for this process alone. An embedded database destroys its files when two processes write them.
 *
 * Everyone who wants the folder first puts down a file of their own, whose name says who they are, and then
 * looks for others'. So of two at once at least one sees the other, and as no two files have the same name, that
 * of a process that died can be removed without ever removing someone else's.
 *
 * @returns gives the folder back.
 * @throws Error, one sentence that names the folder, when someone else holds it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  for (let attempt = 1; ; attempt++) {
    const name = lockName()
    const path = join(folder, name)
    await writeFile(path, '', { flag: 'wx', mode: 0o600 })
    const other = await findOther(folder, name)
    if (other === null) return () => rm(path, { force: true })
    await rm(path, { force: true })
    if (attempt === ATTEMPTS) {
      throw new Error(
        `The folder ${folder} is in use by another process (${other.pid} on ${other.host}). ` +
          `Stop that one first, or choose another folder; if it no longer exists, delete ${other.path}.`,
      )
    }
    // Perhaps both came at once, and both gave way: the second time they do not come at once.
    await setTimeout(Math.random() * MAX_BACKOFF_MS)
  }
}

function lockName(): string {
  const host = encodeURIComponent(hostname())
  const distinct = randomBytes(4).toString('hex')
  return `lock.${process.pid}.${startOf(process.pid)}.${PROCESS_TOKEN}.${distinct}@${host}`
}

/** Someone else who holds or wants the folder. Files of the dead are removed on the way. */
async function findOther(folder: string, own: string): Promise<(Holder & { path: string }) | null> {
  for (const name of await readdir(folder)) {
    const holder = name === own ? null : readHolder(name)
    if (holder === null) continue
    const path = join(folder, name)
    if (isRunning(holder)) return { ...holder, path }
    await rm(path, { force: true })
  }
  return null
}

function readHolder(name: string): Holder | null {
  const parts = LOCK_NAME.exec(name)?.groups as
    Record<'pid' | 'startedAt' | 'token' | 'host', string> | undefined
  return parts === undefined
    ? null
    : { ...parts, pid: Number(parts.pid), host: decodeURIComponent(parts.host) }
}

function isRunning({ pid, startedAt, token, host }: Holder): boolean {
  // Another machine's processes cannot be seen from here, so believe what the name says.
  if (host !== hostname()) return true
  if (pid === process.pid) return token === PROCESS_TOKEN
  try {
    process.kill(pid, 0)
    // Ids are given out again, above all after a restart of the machine or the container.
    return startedAt === startOf(pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process began, in the kernel's own count; empty where the system does not tell. */
function startOf(pid: number): string {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!
    return afterName.split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
