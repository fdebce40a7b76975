import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { createErrorHandler } from './error-handler.ts'
import { handleNotFound } from './not-found-handler.ts'

const plugin: FastifyPluginAsync = async (app) => {
  app.setErrorHandler(createErrorHandler('internal_error'))
  app.setNotFoundHandler(handleNotFound)
}

/**
 * Makes every error of the host's own scope a problem document (RFC 9457) like those of the key routes: failed
 * validation, unknown addresses, wrong methods (405 with `Allow`), bodies too large or not JSON. An error with a
 * 4xx `statusCode` is told with its message and, if it is written like `email_taken`, its `code`. Anything else
 * is logged and answered with 500, which says nothing about it.
 *
 * @example
 * await app.register(problems)
 */
export const problems = fp(plugin, { fastify: '5.x', name: '@latchkey/fastify/problems' })
