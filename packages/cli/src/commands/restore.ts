import { actorOf } from '../actor.ts'
import { defineCommand, withActor, withOwner } from '../command.ts'
import { withLatchkey } from '../connect.ts'
import { EXIT } from '../exit-codes.ts'
import { refusal } from '../failure.ts'
import { keyId } from '../key-ids.ts'
import { keyJson } from '../key-view.ts'

interface Flags {
  owner: string
  actor?: string
}

/** `latchkey restore`: takes a revocation back, while there is time. */
export const restore = defineCommand<Flags>({
  usage: 'restore <id>',
  description: 'take a revocation back, while there is time',
  examples: ['latchkey restore key_01h455vb4pex5vsknk084sn02q --owner acme'],
  flags: (command) => withActor(withOwner(command)),
  async run({ owner, actor, ...flags }, output, [text = '']) {
    const id = keyId(text)
    return withLatchkey(flags, output, async ({ keys }) => {
      const result = await keys.restore(owner, actorOf(actor), id)
      if (!result.ok) throw refusal(result)
      const json = keyJson(result.apiKey)
      await output.result({ apiKey: json }, () => `Restored ${json.id}. It is ${json.status}.`)
      return EXIT.ok
    })
  },
})
