#!/usr/bin/env node
// Nothing is imported before it is known that this Node.js can run it.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`latchkey needs Node.js 22.18 or newer; this is ${process.versions.node}.\n`)
  process.exit(1)
}
const { main } = await import('./main.ts')
await main(process.argv.slice(2))
