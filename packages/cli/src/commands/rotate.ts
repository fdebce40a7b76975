import { actorOf } from '../actor.ts'
import { defineCommand, withActor, withOwner } from '../command.ts'
import { withLatchkey } from '../connect.ts'
import { EXIT } from '../exit-codes.ts'
import { refusal } from '../failure.ts'
import { receiptText } from '../key-view.ts'
import { keyId } from '../key-ids.ts'
import { graceSeconds } from '../moments.ts'
import { showSecret } from '../secret-result.ts'

interface Flags {
  owner: string
  actor?: string
  grace: number
}

/** `latchkey rotate`: another secret for a key, shown once. */
export const rotate = defineCommand<Flags>({
  usage: 'rotate <id>',
  description: 'give a key another secret; it alone goes to standard output, once',
  examples: [
    'latchkey rotate key_01h455vb4pex5vsknk084sn02q --owner acme --grace 24h',
    'latchkey rotate key_01h455vb4pex5vsknk084sn02q --owner acme   # the old secret ends at once',
  ],
  flags: (command) =>
    withActor(withOwner(command)).option(
      '--grace <time>',
      'for how long the old secret works beside the new one, at most 7d',
      graceSeconds,
      0,
    ),
  async run(flags, output, [text = '']) {
    const id = keyId(text)
    return withLatchkey(flags, output, async ({ keys }) => {
      const options = { gracePeriodSeconds: flags.grace }
      const result = await keys.rotate(flags.owner, actorOf(flags.actor), id, options)
      if (!result.ok) throw refusal(result)
      const { apiKey, secret, receipt } = result
      const old =
        flags.grace === 0
          ? `has ended. ${receipt === null ? '' : receiptText(receipt)}`
          : `works until ${apiKey.retiringSecret!.endsAt.toISOString()}.`
      output.note(`Rotated ${apiKey.id}. The old secret ${old}`.trimEnd())
      output.note('This is the new secret, shown only now:')
      await showSecret(output, { apiKey, secret, receipt })
      return EXIT.ok
    })
  },
})
