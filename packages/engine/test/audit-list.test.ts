import {
  AUDIT_CSV_HEADER,
  auditCsvLine,
  auditJsonLine,
  type AuditEvent,
  type AuditListOptions,
  type Latchkey,
} from '@latchkey/engine'
import { createHash } from 'node:crypto'
import { testDatabases } from '@latchkey/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { ann, anOwner, ben, must, useDatabase } from './set-up.ts'

describe.each(testDatabases)('reading the audit trail on $name', ({ create }) => {
  const db = useDatabase(create)
  const owner = anOwner()
  let latchkey: Latchkey
  let ids: string[]
  beforeAll(async () => {
    latchkey = await db.latchkey()
    ids = []
    for (const [name, actor] of [
      ['a', ann],
      ['b', ben],
      ['c', ann],
    ] as const) {
      ids.push(must(await latchkey.keys.create(owner, actor, { name })).apiKey.id)
    }
    must(await latchkey.keys.update(owner, ben, ids[0]!, { enabled: false }))
    must(await latchkey.keys.revoke(owner, ann, ids[1]!))
    must(await latchkey.keys.revoke(owner, ann, ids[0]!))
    must(await latchkey.keys.create(anOwner(), ann, { name: 'of another' }))
  })
  const list = async (options: AuditListOptions = {}) => must(await latchkey.audit.list(owner, options))
  const sequences = async (options?: AuditListOptions) =>
    (await list(options)).data.map(({ sequence }) => sequence)

  it('begins with the newest, page by page, and hides nothing behind what is recorded meanwhile', async () => {
    expect(await sequences()).toEqual([6, 5, 4, 3, 2, 1])
    const first = await list({ limit: 4 })
    expect(first.data.map(({ sequence }) => sequence)).toEqual([6, 5, 4, 3])
    must(await latchkey.keys.update(owner, ann, ids[2]!, { name: 'c2' }))
    const second = await list({ limit: 4, cursor: first.nextCursor! })
    expect(second.data.map(({ sequence }) => sequence)).toEqual([2, 1])
    expect(second.nextCursor).toBeNull()
    expect((await list({ limit: 7 })).nextCursor).toBeNull()
  })

  it('can be asked for a key, actions, an actor and a time', async () => {
    expect(await sequences({ keyId: ids[0] })).toEqual([6, 4, 1])
    expect(await sequences({ keyId: 'key_01h455vb4pex5vsknk084sn02q' })).toEqual([])
    expect(await sequences({ actorId: 'user_ben' })).toEqual([4, 2])
    expect(await sequences({ action: ['key.revoked', 'key.disabled'] })).toEqual([6, 5, 4])
    expect(await sequences({ action: [], actorId: 'user_ben', keyId: ids[1] })).toEqual([2])
    const { data } = await list({ action: ['key.created'] })
    const at = data[0]!.at
    const from = await sequences({ since: at })
    const until = await sequences({ until: at })
    expect(from.at(-1)).toBeLessThanOrEqual(3)
    expect([...from, ...until]).toEqual(await sequences())
  })

  it.each<[string, AuditListOptions]>([
    ['limit', { limit: 0 }],
    ['limit', { limit: 101 }],
    ['limit', { limit: 1.5 }],
    ['cursor', { cursor: '' }],
    ['cursor', { cursor: Buffer.from('1.2.3').toString('base64url') }],
    ['cursor', { cursor: Buffer.from('999999999999999.1').toString('base64url') }],
    ['keyId', { keyId: 'key_x' }],
    ['action', { action: ['key.eaten' as never] }],
    ['actorId', { actorId: '' }],
    ['actorId', { actorId: 'a\0' }],
    ['since', { since: new Date(NaN) }],
    ['until', { until: new Date('+010000-01-01') }],
  ])('says what is wrong with %s: %j', async (field, options) => {
    expect(await latchkey.audit.list(owner, options)).toMatchObject({ ok: false, reason: 'invalid', field })
    if (field !== 'limit' && field !== 'cursor') {
      expect(latchkey.audit.export(owner, options)).toMatchObject({ ok: false, reason: 'invalid', field })
    }
  })

  it('goes out whole, oldest first, in lines that anybody can check', async () => {
    const found: AuditEvent[] = []
    for await (const event of must(latchkey.audit.export(owner)).events) found.push(event)
    expect(found).toEqual((await list({ limit: 100 })).data.reverse())
    let previous = '0'.repeat(64)
    for (const line of found.map(auditJsonLine)) {
      expect(line.endsWith('\n') && line.indexOf('\n') === line.length - 1).toBe(true)
      const hashed = line.replace(/,"hash":"[0-9a-f]{64}"\}\n$/, '}')
      const { hash, previousHash } = JSON.parse(line) as { hash: string; previousHash: string }
      expect(createHash('sha256').update(hashed).digest('hex')).toBe(hash)
      expect(previousHash).toBe(previous)
      previous = hash
    }
    const revoked: number[] = []
    const { events } = must(latchkey.audit.export(owner, { action: ['key.revoked'] }))
    for await (const { sequence } of events) revoked.push(sequence)
    expect(revoked).toEqual([5, 6])
  })
})

describe('a line of CSV', () => {
  const event: AuditEvent = {
    sequence: 1,
    at: new Date('2026-06-01T12:00:00Z'),
    action: 'key.updated',
    keyId: 'key_01h455vb4pex5vsknk084sn02q',
    actor: { ...ann, type: 'person' },
    address: '203.0.113.7',
    userAgent: null,
    requestId: 'r',
    databaseRole: 'app',
    before: { name: 'a, "b"' },
    after: { name: '=1+1' },
    previousHash: '0',
    hash: '1',
    text: '{}',
  }

  it('has a cell for each column, quoted as RFC 4180 has it', () => {
    expect(AUDIT_CSV_HEADER).toBe(
      'sequence,at,action,keyId,actorType,actorId,actorName,address,userAgent,requestId,databaseRole,before,after,previousHash,hash\r\n',
    )
    expect(auditCsvLine(event)).toBe(
      '1,2026-06-01T12:00:00.000Z,key.updated,key_01h455vb4pex5vsknk084sn02q,person,user_ann,Ann,203.0.113.7,,r,app,' +
        '"{""name"":""a, \\""b\\""""}","{""name"":""=1+1""}",0,1\r\n',
    )
    expect(auditCsvLine({ ...event, actor: null, keyId: null, before: null })).toContain(
      'key.updated,,,,,203',
    )
  })

  it.each([
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['\rx', `"'\rx"`],
    ['\nx', `"'\nx"`],
    ['"=1"', `"'""=1"""`],
    [`'=1`, `"''=1"`],
    [' =1', `"' =1"`],
    ['\uFEFF=1', `"'\uFEFF=1"`],
    ['＝1', `"'＝1"`],
    ['1-1', '1-1'],
    ['a=b', 'a=b'],
    ['line\nbreak', '"line\nbreak"'],
  ])('makes no formula of %j', (userAgent, cell) => {
    expect(auditCsvLine({ ...event, userAgent })).toContain(`203.0.113.7,${cell},r,app`)
  })
})
