/** Locks a folder, says so, and stays: folder. */
import { lockFolder } from '../src/postgres/folder-lock.ts'

await lockFolder(process.argv[2]!)
process.stdout.write('locked\n')
setInterval(() => undefined, 1_000)
