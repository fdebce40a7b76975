import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LatchkeyOptions } from '@latchkey/engine'
import { EXIT } from './exit-codes.ts'
import { Failure, usage } from './failure.ts'

/** What is looked for in the working folder. */
const CONFIG_FILES = ['ts', 'mts', 'js', 'mjs'].map((extension) => `latchkey.config.${extension}`)

/** The host's options, as its app has them. */
export interface Config {
  /** null: there is none. */
  file: string | null
  options: LatchkeyOptions
}

/**
 * Reads the host's options from the default export of a module: the one given, or `latchkey.config.ts` in the working
 * folder if there is one.
 *
 * @throws Failure when it cannot be read.
 */
export async function readConfig(given: string | undefined): Promise<Config> {
  const file = given ?? CONFIG_FILES.find((name) => existsSync(name))
  if (file === undefined) return { file: null, options: {} }
  if (!existsSync(file))
    throw usage(`There is no file ${file}. --config names a module like latchkey.config.ts.`)

  const module = await load(file)
  const options = module.default
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw configFailure(`${file} must have a default export, an object of Latchkey's options.`)
  }
  return { file, options }
}

export function configFailure(message: string): Failure {
  return new Failure('config', message, { exitCode: EXIT.usage })
}

async function load(file: string): Promise<{ default?: LatchkeyOptions }> {
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as { default?: LatchkeyOptions }
  } catch (error) {
    throw configFailure(`${file} could not be loaded: ${(error as Error).message}`)
  }
}
