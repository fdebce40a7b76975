import { CommanderError } from 'commander'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { failureOf } from './failure-of.ts'
import { createOutput, OutputClosed, type Output } from './output.ts'
import { createProgram } from './program.ts'

/** Runs the command that the arguments name, and ends the process. It never rejects. */
export async function main(args: readonly string[]): Promise<never> {
  const output = createOutput(args.includes('--json'))
  tellWarnings(output)
  const code = await run(args, output)
  await new Promise((resolve) => process.stderr.write('', resolve))
  // What a config's module opened would keep the process alive.
  process.exit(code)
}

/** Node.js would print them itself, in words that no script reads. */
function tellWarnings(output: Output): void {
  process.removeAllListeners('warning')
  process.on('warning', (warning: Error & { code?: string }) => {
    // Only that a config without "type": "module" is read twice, which takes no time that anybody would notice.
    if (warning.code === 'MODULE_TYPELESS_PACKAGE_JSON') return
    output.warn(`${warning.name}: ${warning.message}`)
  })
}

async function run(args: readonly string[], output: Output): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok
  try {
    await createProgram(output, (ended) => (code = ended)).parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof OutputClosed) return EXIT.outputClosed
    // It was asked for its help or its version, and has told it.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok
    const failure = failureOf(error)
    output.fail(failure)
    return failure.exitCode
  }
}
