/** Opens a Latchkey on a database inside this process, and ends without closing it. */
import { createLatchkey } from '@latchkey/engine'

await createLatchkey({ database: 'memory:' })
