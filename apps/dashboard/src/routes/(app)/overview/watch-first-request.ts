const everyMs = 1_000

/**
 * Asks now and then, while somebody looks, whether a request with a key has come; tells it once.
 *
 * @returns stops asking.
 */
export function watchFirstRequest(onarrive: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  async function ask() {
    if (document.visibilityState === 'visible' && (await hasArrived())) {
      if (!stopped) onarrive()
      return
    }
    if (!stopped) timer = setTimeout(() => void ask(), everyMs)
  }
  void ask()

  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

/** No answer is no news: the next question may get one. */
async function hasArrived(): Promise<boolean> {
  const response = await fetch('/first-request', { redirect: 'error' }).catch(() => null)
  return response?.ok ? ((await response.json()) as { arrived: boolean }).arrived : false
}
