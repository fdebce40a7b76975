const wholeOrPart = /([a-z][a-z0-9_]*_(?:live|test)_[0-9A-Za-z]{4})[0-9A-Za-z]+/g

/**
 * A search text without anything of a key that is secret: a key, whole or cut off, is replaced by its start,
 * which is what the list shows and what a search for a key compares.
 */
export const withoutSecrets = (text: string): string => text.replace(wholeOrPart, '$1')

/** For `<input pattern>`: refuses what can only be a key, so that a browser without script does not send one. */
export const noKeyPattern = '(?!.*_(?:live|test)_[0-9A-Za-z]{12}).*'
