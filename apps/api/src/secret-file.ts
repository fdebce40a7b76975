import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StartError } from './start-error.ts'

/**
 * A random secret of 256 bits, made at the first start and kept in a file that only this user may read, so that a
 * restart signs nobody out.
 */
export async function readOrCreateSecret(file: string): Promise<string> {
  const kept = await read(file)
  if (kept !== null) return kept
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  try {
    await writeFile(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // Another process that starts at the same time was first: its secret is the one.
  }
  const secret = await read(file)
  if (secret === null) throw new StartError(`The secret in ${file} vanished while the program started.`)
  return secret
}

async function read(file: string): Promise<string | null> {
  let text: string
  try {
    text = (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  if (text.length < 32) {
    throw new StartError(
      `${file} holds no secret. Delete it to have a new one made; everybody must then sign in again.`,
    )
  }
  return text
}
