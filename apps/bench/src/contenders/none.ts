import type { CreateContender } from './contender.ts'

/** Fastify as it is: everyone is let in. */
export const none: CreateContender = async () => ({ route: {} })
