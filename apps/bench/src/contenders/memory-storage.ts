/** The secondary storage that better-auth asks for, in the memory of this process: no network between. */
export function createMemoryStorage() {
  const values = new Map<string, string>()
  return {
    get: (key: string) => values.get(key) ?? null,
    set: (key: string, value: string) => void values.set(key, value),
    delete: (key: string) => void values.delete(key),
    getAndDelete(key: string) {
      const value = values.get(key) ?? null
      values.delete(key)
      return value
    },
    increment(key: string) {
      const value = Number(values.get(key) ?? 0) + 1
      values.set(key, String(value))
      return value
    },
  }
}
