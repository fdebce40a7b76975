import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { prepareByZipf } from '../src/prepared-requests.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('by Zipf the first credential comes twice as often as the second and a hundred times as often as the hundredth', () => {
  const credentials = Array.from({ length: 1_000 }, (_, i) => `credential ${i}`)
  const { credentialsFile, orderFile } = prepareByZipf(folder, 'zipf', credentials, 400_000)
  expect(readFileSync(credentialsFile, 'utf8').split('\n')).toEqual(credentials)

  const counts = new Array<number>(credentials.length + 1).fill(0)
  for (const line of readFileSync(orderFile, 'utf8').split('\n')) counts[Number(line)]!++
  expect(counts[0]).toBe(0)
  expect(counts[1]! / counts[2]!).toBeCloseTo(2, 0)
  expect(counts[1]! / counts[100]!).toBeGreaterThan(80)
  expect(counts[1]! / counts[100]!).toBeLessThan(125)
})
