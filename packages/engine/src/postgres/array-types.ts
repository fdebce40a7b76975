import { makePgArray } from 'drizzle-orm/pg-core'
import postgresArray from 'postgres-array'

/** Of arrays of Postgres' own types, their ids, and how one of their elements is read; by its text if not told. */
const ARRAYS: readonly { ids: readonly number[]; read?: (element: string) => unknown }[] = [
  { ids: [1000], read: (text) => text === 't' },
  // int2, int4, float4, float8. An int8 is read as text, alone as well as here.
  { ids: [1005, 1007, 1021, 1022], read: Number },
  { ids: [199, 3807], read: (text): unknown => JSON.parse(text) },
  // name, text, bpchar, varchar, int8, uuid, inet, cidr.
  { ids: [1003, 1009, 1014, 1015, 1016, 2951, 1041, 651] },
]

/**
 * How postgres.js reads and writes arrays. It would ask each server for these types, but a connection that ends
 * while it asks ends the whole process, by a rejection that nobody can catch.
 */
export const arrayTypes = Object.fromEntries(
  ARRAYS.flatMap(({ ids, read = (text: string): unknown => text }) =>
    ids.map((id) => [
      `array_${id}`,
      {
        to: id,
        from: [id],
        parse: (text: string) => postgresArray.parse(text, read),
        serialize: (array: unknown) => (Array.isArray(array) ? makePgArray(array) : array),
      },
    ]),
  ),
)
