import type { Page } from '@playwright/test'

/** What a page's browser keeps its passkeys in: a device that Chromium plays, and that always knows its person. */
export async function addAuthenticator(page: Page) {
  const client = await page.context().newCDPSession(page)
  await client.send('WebAuthn.enable')
  const { authenticatorId } = await client.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      // Otherwise it would answer by itself to a page that only waits for somebody to choose a passkey.
      automaticPresenceSimulation: false,
    },
  })
  return {
    /** While this is done, its person touches it. */
    async touchedDuring(work: () => Promise<void>): Promise<void> {
      const touch = (enabled: boolean) =>
        client.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
      await touch(true)
      await work()
      await touch(false)
    },

    /** Whether it knows the finger of whoever touches it. */
    knowsItsPerson: (isUserVerified: boolean) =>
      client.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  }
}
