import { restorableUntil, REVOCATION_REASONS, type ApiKey, type RevocationReason } from '@latchkey/engine'
import { Option } from 'commander'
import { actorOf } from '../actor.ts'
import { defineCommand, withActor, withOwner } from '../command.ts'
import { withLatchkey } from '../connect.ts'
import { EXIT } from '../exit-codes.ts'
import { refusal } from '../failure.ts'
import { keyId } from '../key-ids.ts'
import { keyJson, receiptText } from '../key-view.ts'

interface Flags {
  owner: string
  actor?: string
  reason?: RevocationReason
  note?: string
}

/** `latchkey revoke`: ends a key everywhere. */
export const revoke = defineCommand<Flags>({
  usage: 'revoke <id>',
  description: 'end a key, everywhere at once',
  examples: [
    'latchkey revoke key_01h455vb4pex5vsknk084sn02q --owner acme',
    'latchkey revoke key_01h455vb4pex5vsknk084sn02q --owner acme --reason keyCompromise --note "Seen in a log"',
  ],
  flags: (command) =>
    withActor(withOwner(command))
      .addOption(
        new Option(
          '--reason <reason>',
          'why, in the words of RFC 5280; after keyCompromise nobody restores it',
        ).choices(REVOCATION_REASONS),
      )
      .option('--note <text>', 'a line for those who ask later'),
  async run({ owner, actor, reason, note, ...flags }, output, [text = '']) {
    const id = keyId(text)
    return withLatchkey(flags, output, async ({ keys }) => {
      const result = await keys.revoke(owner, actorOf(actor), id, { reason, note })
      if (!result.ok) throw refusal(result)
      const { apiKey, receipt } = result
      await output.result({ apiKey: keyJson(apiKey), receipt }, () =>
        [`Revoked ${apiKey.id}.`, receiptText(receipt), returnText(apiKey)].join(' '),
      )
      return EXIT.ok
    })
  },
})

function returnText(apiKey: ApiKey): string {
  const until = restorableUntil(apiKey, Date.now())
  return until === null ? 'It never comes back.' : `It can be restored until ${until.toISOString()}.`
}
