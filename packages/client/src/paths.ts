import type { paths as accountPaths } from './account-schema.ts'
import type { paths as keyPaths } from './schema.ts'

/** Every address the client knows, with what it takes and what it answers. */
export type paths = keyPaths & accountPaths
