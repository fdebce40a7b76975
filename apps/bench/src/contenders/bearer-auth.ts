import bearerAuth from '@fastify/bearer-auth'
import type { CreateContender } from './contender.ts'
import { secretAt } from '../secrets.ts'

/** @fastify/bearer-auth with its list of keys. */
export const fastifyBearerAuth: CreateContender = async (app, { keys = 1 }) => {
  await app.register(bearerAuth, { keys: new Set(Array.from({ length: keys }, (_, i) => secretAt(i))) })
  return { route: {} }
}
