import { styleText } from 'node:util'
import { Failure } from './failure.ts'
import { onOneLine, withoutSecrets } from './plain-text.ts'

/** Whoever read standard output has stopped reading. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed'
}

/**
 * What a command says: its result on standard output, everything else on standard error. With `--json` the result is one
 * JSON document, and each line of standard error is a JSON object with one member that says what it is.
 */
export interface Output {
  readonly isJson: boolean
  /**
   * Writes the result, in either form.
   *
   * @throws OutputClosed when nobody reads it.
   */
  result(json: unknown, text: () => string): Promise<void>
  /** For people only: with `--json` the result says it. */
  note(text: string): void
  /** Something that happened on the way, by a name. */
  event(name: string, json: unknown, text: () => string): void
  /** Trouble that did not stop the command. */
  warn(message: string): void
  fail(failure: Failure): void
  /** Colours text that goes to standard output, on a terminal, unless NO_COLOR says otherwise. */
  colour: (format: Parameters<typeof styleText>[0], text: string) => string
  /** Characters in a line of standard output; null where it is no terminal, and nothing need be cut. */
  readonly columns: number | null
}

/** Makes the output of one command. */
export function createOutput(isJson: boolean): Output {
  const { stdout, stderr } = process
  // A write tells of it as well.
  stdout.on('error', () => undefined)
  // Nobody is left to be told.
  stderr.on('error', () => undefined)

  function event(name: string, json: unknown, text: () => string): void {
    stderr.write(isJson ? `${JSON.stringify({ [name]: json })}\n` : `${text()}\n`)
  }

  return {
    isJson,
    result: (json, text) => write(isJson ? `${JSON.stringify(json)}\n` : `${text()}\n`),
    note: (text) => void (isJson || stderr.write(`${text}\n`)),
    event,
    warn(message) {
      event('warning', { message: clean(message) }, () => `Warning: ${clean(message)}`)
    },
    fail({ code, message, details }) {
      const sentence = clean(message)
      const title = styleText('red', 'Error:', { stream: stderr })
      event('error', { code, message: sentence, ...details }, () => `${title} ${sentence}`)
    },
    colour: (format, text) => styleText(format, text, { stream: stdout }),
    get columns() {
      return stdout.isTTY ? stdout.columns : null
    },
  }
}

function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (!error) return resolve()
      const { code } = error as NodeJS.ErrnoException
      reject(
        code === 'EPIPE'
          ? new OutputClosed()
          : new Failure('output', `The result could not be written (${code ?? error.message}).`),
      )
    })
  })
}

function clean(message: string): string {
  return message.split('\n').map(onOneLine).map(withoutSecrets).join('\n')
}
