/** Within how many seconds a limit can hold, and by which name a refused caller reads of it. */
const windows = new Map([
  [1, 'second'],
  [10, 'ten-seconds'],
  [60, 'minute'],
  [600, 'ten-minutes'],
  [3_600, 'hour'],
])

export const limitWindows = [...windows.keys()]

export const limitName = (windowSeconds: number): string =>
  windows.get(windowSeconds) ?? `in-${windowSeconds}-seconds`
