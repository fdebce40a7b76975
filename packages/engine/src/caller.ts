/** Where a request comes from, as far as whoever asks for a verdict can tell. */
export interface Caller {
  /**
   * The address of the client. undefined when there is none, as on a Unix socket; null when whoever asks does not know
   * it, as a service that asks for somebody else: then wrong secrets are counted for nobody. Read only when it matters,
   * so that anything with a costly `ip` will do.
   */
  readonly ip?: string | null | undefined
  /** The origin of the web page that sends it, `https://app.example.com`; left out when it names none. */
  readonly origin?: string | undefined
  /** Whether a browser sends it, as far as one can tell. Not known when left out. */
  readonly isBrowser?: boolean | undefined
}
