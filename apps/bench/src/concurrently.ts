/** Does `count` pieces of work, number by number, with so many under way at once. */
export async function concurrently(
  count: number,
  limit: number,
  work: (index: number) => unknown,
): Promise<void> {
  let next = 0
  async function worker(): Promise<void> {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: limit }, worker))
}
