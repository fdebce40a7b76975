import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** Tells this process from an earlier one that had the same id, as the first process of a container always has. */
const PROCESS_TOKEN = randomUUID()

interface Holder {
  pid: number
  token: string
  host: string
}

/**
 * Takes a folder for this process alone, with a file that names the holder. An embedded database destroys its
 * files when two processes write them. The lock of a process that died is taken over.
 *
 * @returns gives the folder back.
 * @throws Error, one sentence that names the folder, when someone else holds it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock')
  const content = JSON.stringify({
    pid: process.pid,
    token: PROCESS_TOKEN,
    host: hostname(),
  } satisfies Holder)

  while (!(await createWhole(path, content))) {
    const found = await readFile(path, 'utf8').catch(() => null)
    if (found === null) continue
    const holder = parseHolder(found)
    if (holder !== null && isRunning(holder)) {
      throw new Error(
        `The folder ${folder} is in use by another process (${holder.pid} on ${holder.host}). ` +
          `Stop that one first, or choose another folder; if it no longer exists, delete ${path}.`,
      )
    }
    await removeStale(path, found)
  }
  return async () => {
    if ((await readFile(path, 'utf8').catch(() => null)) === content) await rm(path, { force: true })
  }
}

/** Creates a file with its content in one step, or not at all: a reader never finds it half written. */
async function createWhole(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, content, { mode: 0o600 })
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/** Moves the file away before judging it again: of two who found the same stale lock, one must not remove the other's new one. */
async function removeStale(path: string, found: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  if ((await readFile(aside, 'utf8')) !== found) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

function parseHolder(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Partial<Holder>
    const isWhole = Number.isInteger(holder.pid) && typeof holder.token === 'string'
    return isWhole && typeof holder.host === 'string' ? (holder as Holder) : null
  } catch {
    return null
  }
}

function isRunning({ pid, token, host }: Holder): boolean {
  // Another machine's processes cannot be seen from here, so believe what the file says.
  if (host !== hostname()) return true
  if (pid === process.pid) return token === PROCESS_TOKEN
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
