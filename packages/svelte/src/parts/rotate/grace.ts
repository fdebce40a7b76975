/** For how many seconds the old secret of a rotated key may go on working. */
export const graces = ['0', '3600', '86400', '604800'] as const
export type Grace = (typeof graces)[number]

/** Long enough to bring the new secret everywhere, short enough to be remembered. */
export const presetGrace: Grace = '86400'

export const isGrace = (text: string): text is Grace => graces.includes(text as Grace)
