import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

/** Where measurements were taken, and on what. */
export interface Machine {
  cpu: string
  cores: number
  memoryGiB: number
  kernel: string
  node: string
  wrk: string
  /** Load average of the last minute when the measurement began and ended. */
  load: [number, number]
}

/** What runs where: whatever is measured has a core to itself. */
export interface Cores {
  measured: string
  load: string
}

/** @throws Error, a sentence that says what to install. */
export function assertPrograms(): void {
  assertProgram('wrk', ['-v'], 'apt-get install wrk')
  assertProgram('taskset', ['--version'], 'apt-get install util-linux')
}

function assertProgram(name: string, args: string[], hint: string): void {
  try {
    execFileSync(name, args, { stdio: 'ignore' })
  } catch (error) {
    // wrk says its version and then that it was called wrongly.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return
    throw new Error(`The benchmarks need ${name}: install it (${hint}) on a Linux machine.`, { cause: error })
  }
}

/** Gives the first core to what is measured and keeps this process, and all it starts otherwise, off it. */
export function shareCores(): Cores {
  const [, list] = run('taskset', ['-pc', String(process.pid)]).split(': ')
  const allowed = list!.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i)
  })
  const [measured, ...rest] = allowed
  const load = rest.length > 0 ? rest.join(',') : String(measured)
  run('taskset', ['-apc', load, String(process.pid)])
  return { measured: String(measured), load }
}

/** Describes the machine; the second load is filled in when the measurement has ended. */
export function describeMachine(): Machine {
  const load = round(loadavg()[0]!)
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: run('uname', ['-sr']),
    node: process.version,
    wrk: wrkVersion(),
    load: [load, load],
  }
}

/** The load average of the last minute. */
export function loadNow(): number {
  return round(loadavg()[0]!)
}

/** Milliseconds that a process has computed for, on all its threads. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function wrkVersion(): string {
  try {
    return run('wrk', ['-v'])
  } catch (error) {
    return /wrk \S+/.exec(String((error as { stdout?: string }).stdout))?.[0] ?? 'wrk'
  }
}

function run(command: string, args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
