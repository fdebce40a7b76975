import fc from 'fast-check'
import type { JsonSchema } from './document.ts'

/** Text that finds what is careless about text. */
const NASTY = fc.constantFrom(
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\u202e',
  '\u200b',
  "'; DROP TABLE latchkey.keys; --",
  '%',
  '\\',
  '${7*7}',
  '__proto__',
  'constructor',
  'null',
  'NaN',
  '9'.repeat(400),
  'x'.repeat(5_000),
  '👩‍👩‍👧‍👦',
  'é'.normalize('NFD').repeat(65),
)

const anyText = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 2, arbitrary: NASTY },
)

/** Any JSON at all. */
const anyJson = fc.oneof(fc.jsonValue(), anyText, fc.constantFrom(null, true, 0, -1, 1e308, [], {}, [[]]))

/** Values that a schema allows, as it is documented. */
export function valuesOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(valuesOf))
  const types = [schema.type ?? 'object'].flat()
  return fc.oneof(...types.map((type) => valuesOfType(type, schema)))
}

function valuesOfType(type: string, schema: JsonSchema): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9 })
    case 'array':
      return listsOf(schema)
    case 'string':
      return textOf(schema)
    default:
      return objectOf(schema)
  }
}

/** Random texts are hardly ever addresses or origins, so what the document shows is tried as well. */
function listsOf({ items = {}, maxItems = 5, examples = [] }: JsonSchema): fc.Arbitrary<unknown> {
  const lists = fc.array(valuesOf(items), { maxLength: Math.min(maxItems, 5) })
  return examples.length === 0 ? lists : fc.oneof(lists, fc.constantFrom([], ...examples))
}

function textOf({ format, pattern, minLength = 0, maxLength = 100 }: JsonSchema): fc.Arbitrary<string> {
  if (pattern) return fc.stringMatching(new RegExp(pattern))
  if (format === 'date-time') {
    const moments = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    return moments.map((moment) => moment.toISOString())
  }
  const likely = fc.constantFrom('Integration with CRM', 'contacts:read', 'contacts:write')
  return fc.oneof(likely, fc.string({ minLength, maxLength }), anyText)
}

function objectOf({ properties, required = [] }: JsonSchema): fc.Arbitrary<unknown> {
  if (!properties) return fc.dictionary(fc.string(), fc.jsonValue())
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, valuesOf(schema)]),
  )
  return fc.record(fields, { requiredKeys: required })
}

/** Values that begin as the schema allows and then go wrong: another type, a field too many, one too few. */
export function mutationsOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const wrongField = fc.tuple(
    valuesOf(schema),
    fc.oneof(fc.constantFrom('id', ...Object.keys(schema.properties ?? {})), anyText),
    anyJson,
  )
  return fc.oneof(
    valuesOf(schema),
    anyJson,
    wrongField.map(([value, field, wrong]) => ({ ...(value as object), [field]: wrong })),
    fc.tuple(valuesOf(schema), fc.nat()).map(([value, index]) => {
      const fields = Object.entries(value as object)
      return Object.fromEntries(fields.filter((_, position) => position !== index % fields.length))
    }),
  )
}
