const DAY_SECONDS = 86_400
const MAX_RETENTION_DAYS = 36_500

/** Fills in what was left out. @throws Error, a sentence for the developer. */
export function resolveTombstones({
  restoreWindowSeconds = 7 * DAY_SECONDS,
  revokedKeyRetentionDays = 90,
}: {
  restoreWindowSeconds?: number | undefined
  revokedKeyRetentionDays?: number | null | undefined
}) {
  if (
    revokedKeyRetentionDays !== null &&
    !(
      Number.isSafeInteger(revokedKeyRetentionDays) &&
      revokedKeyRetentionDays >= 1 &&
      revokedKeyRetentionDays <= MAX_RETENTION_DAYS
    )
  ) {
    throw new Error(
      `revokedKeyRetentionDays must be a whole number from 1 to ${MAX_RETENTION_DAYS}, or null for ever.`,
    )
  }
  const maxSeconds = (revokedKeyRetentionDays ?? MAX_RETENTION_DAYS) * DAY_SECONDS
  if (
    !Number.isSafeInteger(restoreWindowSeconds) ||
    restoreWindowSeconds < 0 ||
    restoreWindowSeconds > maxSeconds
  ) {
    throw new Error(
      `restoreWindowSeconds must be a whole number from 0 to ${maxSeconds}, as long as revoked keys are kept.`,
    )
  }
  return { restoreWindowSeconds, revokedKeyRetentionDays }
}
