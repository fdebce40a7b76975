import type { LatchkeyClient } from '@latchkey/client'
import type { Session } from '#lib/session.ts'

declare global {
  namespace App {
    interface Locals {
      /** The API, spoken to with this person’s session cookie. */
      api: LatchkeyClient
      /** Who is signed in; null when nobody is. Asked once a request, and only when needed. */
      session: () => Promise<Session | null>
      /** Session cookies that the API set while this request ran; they are passed on to the browser. */
      sessionCookies: string[]
    }
    interface PageState {
      /** The dialog that a shallow navigation opened over the list. */
      dialog?: 'create'
    }
  }
}

export {}
