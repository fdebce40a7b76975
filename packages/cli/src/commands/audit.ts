import type { AuditReport, CheckedOwner } from '@latchkey/engine'
import { defineCommand, notEmpty, type AddCommand } from '../command.ts'
import { withLatchkey } from '../connect.ts'
import { EXIT } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import { table } from '../table.ts'

interface Flags {
  owner?: string
}

/** `latchkey audit verify`: computes the hashes of the audit trail again. */
const verifyAudit = defineCommand<Flags>({
  usage: 'verify',
  description: 'check that nobody tampered with the audit trail, of one owner or of all',
  examples: [
    'latchkey audit verify',
    'latchkey audit verify --owner acme',
    'latchkey audit verify --json > heads-of-today.json   # shows later whether a chain was written anew',
  ],
  flags: (command) =>
    command.option('--owner <id>', 'whose trail (that of every owner in the namespace)', notEmpty),
  run: ({ owner, ...flags }, output) =>
    withLatchkey(flags, output, async ({ audit }) => {
      const checked: CheckedOwner[] = []
      const report = await audit.verify(owner, { onOwner: (one) => checked.push(one) })
      const { ok, owners, events } = report
      await output.result({ ok, owners, events, data: checked }, () => reportText(checked, report, output))
      return ok ? EXIT.ok : EXIT.failed
    }),
})

/** `latchkey audit`: what there is to do with the audit trail. */
export const audit: AddCommand = (program, output, onEnd) => {
  const group = program
    .command('audit')
    .description('check the audit trail: who changed what')
    .helpOption('--help', 'tell what there is')
    .helpCommand(false)
  verifyAudit(group, output, onEnd)
}

function reportText(
  checked: readonly CheckedOwner[],
  { owners, events, faults }: AuditReport,
  { colour, columns }: Output,
): string {
  if (owners === 0) return 'Nothing was recorded yet.'
  const rows = table<CheckedOwner>(
    [
      { title: 'OWNER', cell: ({ owner }) => owner, minWidth: 12 },
      { title: 'EVENTS', cell: ({ events }) => String(events) },
      {
        title: 'RESULT',
        cell: ({ fault }) =>
          fault === null ? 'whole' : `event ${fault.sequence} ${fault.problem}: ${fault.message}`,
        minWidth: 40,
        style: (text, { fault }) => colour(fault === null ? 'green' : 'red', text),
      },
    ],
    checked,
    columns,
  )
  const total = `${owners} ${owners === 1 ? 'owner' : 'owners'}, ${events} ${events === 1 ? 'event' : 'events'}`
  const result = faults.length === 0 ? 'Every chain is whole.' : `${faults.length} of the chains do not hold.`
  return `${rows}\n${total}. ${result}`
}
