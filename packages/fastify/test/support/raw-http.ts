import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** A reply as it came over the wire. */
export interface RawReply {
  status: number
  headers: string
  body: string
}

/** Listens on a free port of this machine. */
export async function listen(app: FastifyInstance): Promise<number> {
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  return Number(new URL(address).port)
}

/**
 * Sends bytes that no HTTP client would send, and reads the reply until the server closes or the body is
 * complete. Resolves to null when the server closed without a word.
 */
export async function sendRaw(port: number, request: string | Buffer): Promise<RawReply | null> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.setTimeout(10_000, () => socket.destroy(new Error('The server did not answer in 10 s.')))
  // The server may answer and hang up before it has read everything.
  let trouble: Error | undefined
  socket.on('error', (error) => (trouble = error))
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    if (isComplete(Buffer.concat(chunks).toString('latin1'))) socket.end()
  })
  socket.write(request)
  await new Promise((resolve) => socket.on('close', resolve))
  const text = Buffer.concat(chunks).toString('utf8')
  if (text === '') {
    if (trouble && !/ECONNRESET|EPIPE/.test(trouble.message)) throw trouble
    return null
  }
  const end = text.indexOf('\r\n\r\n')
  return {
    status: Number(text.slice(9, 12)),
    headers: text.slice(0, end).toLowerCase(),
    body: text.slice(end + 4),
  }
}

function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1]
  return length !== undefined && text.length - end - 4 >= Number(length)
}
