import { read } from 'read'
import { EXIT } from './exit-codes.ts'
import { Failure, usage } from './failure.ts'

/** Longer than any key. */
const MAX_CHARACTERS = 4_096

/** Reads a secret: without an echo from a terminal, or from whatever is piped in. */
export async function readSecret(): Promise<string> {
  const text = process.stdin.isTTY ? await prompt() : await readAll()
  const secret = text.trim()
  if (secret === '') throw usage('There was no key to read. Pipe one in: latchkey verify < file')
  return secret
}

async function prompt(): Promise<string> {
  try {
    return await read({ prompt: 'Key (it is not shown):', silent: true, output: process.stderr })
  } catch {
    throw new Failure('interrupted', 'Nothing was verified.', { exitCode: EXIT.interrupted })
  }
}

async function readAll(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk as string
    if (text.length > MAX_CHARACTERS) throw usage('What was piped in is longer than any key.')
  }
  return text
}
