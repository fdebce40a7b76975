/** The requests with a key in the last seven days. */
export interface Week {
  total: number
  refused: number
  /** How many were accepted and how many refused, day by day; the last is today. */
  days: (readonly [accepted: number, refused: number])[]
}
