/** A member of a list: a string with its parameters. */
export interface ListMember {
  value: string
  parameters: Record<string, number>
}

const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y
const PARAMETER = /; *([a-z*][a-z0-9_.*-]*)=(-?\d{1,15})(?![\d.])/y
const COMMA = /[ \t]*,[ \t]*/y

/**
 * Reads a list of strings with integers as parameters, as RFC 9651 has it (section 4.2.1) and no more than that.
 * @throws Error where the text is no such list.
 */
export function parseStructuredList(text: string): ListMember[] {
  const members: ListMember[] = []
  let at = 0
  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at = pattern.lastIndex
    return found
  }
  do {
    const string = take(STRING)
    if (!string) throw new Error(`No string at ${at} of ${text}`)
    const parameters: Record<string, number> = {}
    for (let found = take(PARAMETER); found; found = take(PARAMETER)) parameters[found[1]!] = Number(found[2])
    members.push({ value: string[1]!.replace(/\\(.)/g, '$1'), parameters })
  } while (take(COMMA))
  if (at !== text.length) throw new Error(`Something else at ${at} of ${text}`)
  return members
}
