import { hash } from 'node:crypto'
import type { CreateContender } from './contender.ts'
import { secretAt } from '../secrets.ts'

/** What a team writes in an afternoon: SHA-256, a Map that never forgets, expiry. It knows no database. */
export const handWritten: CreateContender = async (_app, { keys = 1 }) => {
  const known = new Map<string, { expiresAt: number }>()
  for (let i = 0; i < keys; i++) known.set(digest(secretAt(i)), { expiresAt: Infinity })
  return {
    route: {
      onRequest(request, reply, done) {
        const header = request.headers.authorization
        const key = header?.startsWith('Bearer ') ? known.get(digest(header.slice(7))) : undefined
        if (key === undefined || key.expiresAt <= Date.now()) {
          reply.code(401).send({ error: 'unauthorized' })
          return
        }
        done()
      },
    },
  }
}

function digest(secret: string): string {
  return hash('sha256', secret, 'base64url')
}
