import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pythonPath } from './python-path.ts'

/**
 * Starts a program in Python and waits for its first line of output.
 *
 * @returns how to stop it.
 */
export async function startPython(file: string, args: readonly string[]): Promise<() => Promise<void>> {
  if (pythonPath === undefined) throw new Error('No python3 found in PATH.')
  const child = spawn(pythonPath, ['-u', file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const stopNow = () => child.kill('SIGKILL')
  process.on('exit', stopNow)
  const ended = once(child, 'exit')
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error(`${file} did not start.`))),
  ])
  return async () => {
    stopNow()
    await ended
    process.off('exit', stopNow)
  }
}
