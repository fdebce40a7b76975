/**
 * Lets subjects take turns, round after round, so that whatever the machine does meanwhile happens to all of them.
 * Each round begins with another subject.
 *
 * @returns what was measured, by subject, one entry a round.
 */
export async function takeTurns<Subject extends { id: string }, T>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject, round: number) => Promise<T>,
): Promise<Map<string, T[]>> {
  const results = new Map<string, T[]>(subjects.map(({ id }) => [id, []]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      const subject = subjects[(round + turn) % subjects.length]!
      results.get(subject.id)!.push(await measure(subject, round))
    }
  }
  return results
}
