/** For routes that take a secret. Slow enough for a guesser, out of the way of a person: per client address and route. */
export const attempts = { rateLimit: { max: 20, timeWindow: '1 minute' } }
