import type { ApiKey } from '@latchkey/engine'
import { Failure } from './failure.ts'
import { keyJson } from './key-view.ts'
import { OutputClosed, type Output } from './output.ts'

/**
 * Shows a new secret, once. It alone goes to standard output, so that it can be piped to where secrets are kept.
 *
 * @param more what else the answer has, for scripts.
 */
export async function showSecret(
  output: Output,
  { apiKey, secret, ...more }: { apiKey: ApiKey; secret: string } & Record<string, unknown>,
): Promise<void> {
  try {
    await output.result({ apiKey: keyJson(apiKey), secret, ...more }, () => secret)
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error
    throw new Failure(
      'secret_unread',
      `Nobody read the new secret of ${apiKey.id}, and it cannot be shown again. Rotate the key to get another.`,
    )
  }
}
