import bearerAuth from '@fastify/bearer-auth'
import type { CreateContender } from './contender.ts'
import { secretAt } from '../secrets.ts'

/** @fastify/bearer-auth with its list of keys. It compares until one fits, so the key that is used is in the middle. */
export const fastifyBearerAuth: CreateContender = async (app, { keys = 1 }) => {
  await app.register(bearerAuth, { keys: new Set(Array.from({ length: keys }, (_, i) => secretAt(i))) })
  return { route: {}, headers: { authorization: `Bearer ${secretAt(Math.floor(keys / 2))}` } }
}
