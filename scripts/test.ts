/**
 * `npm test`: lint, formatting, types, every test of every workspace, and the tests of the repository itself.
 * Ends with one line, `N passed, N failed`, summed from the reports that the runners wrote. A program that is
 * missing is said in a line of its own; in CI (CI=true) nothing may be missing.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync, rmSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { chromiumPath } from '../packages/testing/src/chromium-path.ts'
import { nginxPath } from '../packages/testing/src/nginx-path.ts'
import { pgbouncerPath } from '../packages/testing/src/pgbouncer-path.ts'
import { scriptPath } from '../packages/testing/src/script-path.ts'
import { pythonPath } from '../packages/testing/src/python-path.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const inCi = process.env['CI'] === 'true'
const env = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
}
/** How Vitest and Playwright begin to tell what failed. */
const FAILURES = /⎯ (?:Failed Tests|Failed Suites|Unhandled Errors|Startup Error) |^ {2}1\) test\//
let passed = 0
let failed = 0

for (const folder of globSync('{.,packages/*,apps/*}/test-results', { cwd: root })) {
  rmSync(`${root}/${folder}`, { recursive: true })
}

const built = run('turbo', ['run', 'build', 'check', '--output-logs=errors-only'])
count('build and types', built)
// While the tests wait for something, and only then: they have deadlines, and these have none.
const checks = runChecks([
  ['lint', 'eslint', ['.', '--max-warnings=0']],
  ['formatting', 'prettier', ['--check', '--log-level=warn', '.']],
  ['types of scripts and repository tests', 'tsc', ['--noEmit']],
])

const leftOut: string[] = []
if (pgbouncerPath === undefined) {
  leftOut.push('tests through a pooler (no PgBouncer found; install it or set PGBOUNCER_PATH)')
}
if (nginxPath === undefined || pythonPath === undefined) {
  leftOut.push('tests behind a proxy (they take nginx, by NGINX_PATH or installed, and python3)')
}
if (scriptPath === undefined) {
  leftOut.push("tests in a terminal (no `script` of util-linux's found)")
}
const turboTest = [
  'run',
  'test',
  '--concurrency=1',
  '--continue=dependencies-successful',
  '--output-logs=new-only',
]
if (chromiumPath === undefined) {
  leftOut.push('browser tests (no Chromium found; install it or set CHROMIUM_PATH)')
  turboTest.push('--filter=!@latchkey/dashboard', '--filter=!@latchkey/svelte')
}
const workspaces = await runAndKeep('turbo', turboTest)
const repository = run('vitest', ['run'])
addReports()
for (const { name, status, output } of await checks) {
  process.stdout.write(output)
  count(name, status)
}
// A runner that died before it wrote its report must not pass for one that had nothing to say.
if ((workspaces.status !== 0 || repository !== 0) && failed === 0) failed += 1
if (passed === 0) failed += 1
tellFailures(workspaces.lines)

for (const what of leftOut) {
  process.stdout.write(`Left out: ${what}\n`)
  if (inCi) failed += 1
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exit(failed === 0 ? 0 : 1)

function count(check: string, status: number): void {
  process.stdout.write(`${status === 0 ? 'passed' : 'FAILED'}: ${check}\n`)
  if (status === 0) passed += 1
  else failed += 1
}

/** One after the other, at the lowest priority, what they print kept for the end. */
async function runChecks(checks: [name: string, command: string, args: string[]][]) {
  const results: { name: string; status: number; output: string }[] = []
  for (const [name, command, args] of checks) {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env })
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW)
    const [[status], ...output] = await Promise.all([
      once(child, 'close') as Promise<[number | null]>,
      text(child.stdout),
      text(child.stderr),
    ])
    results.push({ name, status: status ?? 1, output: output.join('') })
  }
  return results
}

function run(command: string, args: string[]): number {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env })
  if (result.error) process.stderr.write(`${command}: ${result.error.message}\n`)
  return result.status ?? 1
}

async function runAndKeep(command: string, args: string[]): Promise<{ status: number; lines: string[] }> {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env })
  const ended = once(child, 'close') as Promise<[number | null]>
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    process.stdout.write(`${line}\n`)
    lines.push(stripVTControlCharacters(line))
  }
  const [status] = await ended
  return { status: status ?? 1, lines }
}

/** Once more, at the end: what failed first in each workspace, for many screens may lie between. */
function tellFailures(lines: readonly string[]): void {
  const byTask = Map.groupBy(lines, (line) => /^@\S+:test: /.exec(line)?.[0] ?? '')
  for (const [task, output] of byTask) {
    const first = output.findIndex((line) => FAILURES.test(line.slice(task.length)))
    if (first !== -1) process.stdout.write([...output.slice(first, first + 40), ''].join('\n'))
  }
}

/** Sums the JSON reports of Vitest and Playwright; a skipped test counts as failed, for it shows nothing. */
function addReports(): void {
  for (const file of globSync('{.,packages/*,apps/*}/test-results/*.json', { cwd: root })) {
    const report = JSON.parse(readFileSync(`${root}/${file}`, 'utf8')) as Partial<
      VitestReport & PlaywrightReport
    >
    passed += report.numPassedTests ?? 0
    failed += (report.numFailedTests ?? 0) + (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0)
    failed += (report.numFailedTestSuites ?? 0) ? brokenSuites(report) : 0
    if (report.stats) {
      passed += report.stats.expected
      failed += report.stats.unexpected + report.stats.flaky + report.stats.skipped
    }
  }
}

/** Suites that failed to load at all have no failed test of their own to be counted by. */
function brokenSuites(report: Partial<VitestReport>): number {
  return (report.testResults ?? []).filter(
    (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
  ).length
}

interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  numFailedTestSuites: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number }
}
