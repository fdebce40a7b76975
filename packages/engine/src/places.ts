import { canonicalAddress, createAddressList, type AddressList } from './address-list.ts'
import type { Caller } from './caller.ts'
import type { ApiKey } from './key.ts'
import { createOriginList, type OriginList } from './origin-list.ts'

/** Where a key may be used. */
export interface Places {
  /** null: from every address. */
  readonly addresses: AddressList | null
  /** null: from every web page, and from what is none. */
  readonly origins: OriginList | null
  readonly blockBrowsers: boolean
  readonly isPublishable: boolean
}

/** Why a key may not be used where it was. */
export type PlaceRefusal = 'address_not_allowed' | 'origin_not_allowed' | 'browser_not_allowed'

/** Prepares what a key says about where it may be used; null when it says nothing. */
export function createPlaces({
  kind,
  allowedIps,
  allowedOrigins,
  blockBrowsers,
}: Pick<ApiKey, 'kind' | 'allowedIps' | 'allowedOrigins' | 'blockBrowsers'>): Places | null {
  const isPublishable = kind === 'publishable'
  if (!isPublishable && !blockBrowsers && allowedIps.length + allowedOrigins.length === 0) return null
  return {
    addresses: allowedIps.length === 0 ? null : createAddressList(allowedIps),
    // A publishable key is good on the pages that it names, so on none when it names none.
    origins: allowedOrigins.length === 0 && !isPublishable ? null : createOriginList(allowedOrigins),
    blockBrowsers,
    isPublishable,
  }
}

/**
 * Judges where a request comes from. Whoever does not say that it comes from an allowed place is refused: no address,
 * as on a Unix socket, is in no list, and no origin is none of those allowed.
 */
export function refusalByPlace(
  { addresses, origins, blockBrowsers }: Places,
  caller: Caller | undefined,
): PlaceRefusal | null {
  if (addresses !== null) {
    const address = canonicalAddress(caller?.ip)
    if (address === null || !addresses.has(address)) return 'address_not_allowed'
  }
  if (blockBrowsers && isBrowser(caller)) return 'browser_not_allowed'
  if (origins !== null && (caller?.origin === undefined || !origins.has(caller.origin))) {
    return 'origin_not_allowed'
  }
  return null
}

/** Only browsers name an origin. */
function isBrowser(caller: Caller | undefined): boolean {
  return caller?.isBrowser === true || caller?.origin !== undefined
}
