import { describe, expect, it } from 'vitest'
import { beyondOwner } from '../src/grant.ts'
import { createScopeCatalog } from '../src/scopes.ts'

const declared = {
  'contacts:read': 'Read contacts',
  'contacts:write': 'Change contacts',
  'contacts:notes:read': 'Read notes of contacts',
  'companies:read': 'Read companies',
  admin: 'Everything else',
}
const sets = {
  '@read-only': { description: 'Read everything', scopes: ['contacts:read', 'companies:read'] },
  '@sales': { description: 'Work with contacts', scopes: ['contacts:*'] },
}
const catalog = createScopeCatalog(declared, sets)

describe('the catalog of scopes', () => {
  it.each([
    [['contacts:read'], ['contacts:read']],
    [['contacts:*'], ['contacts:read', 'contacts:write', 'contacts:notes:read']],
    [['contacts:notes:*'], ['contacts:notes:read']],
    [['@read-only'], ['contacts:read', 'companies:read']],
    [
      ['@sales', 'contacts:read', 'admin'],
      ['contacts:read', 'contacts:write', 'contacts:notes:read', 'admin'],
    ],
    [[], []],
  ])('expands %j to %j', (names, expanded) => {
    expect(catalog.expand(names)).toEqual(expanded)
    expect(names.every(catalog.has)).toBe(true)
  })

  it.each(Object.keys(declared))('knows every name by which a key may hold %s, and no other', (scope) => {
    const names = [...catalog.names, 'contacts:*', 'contacts:notes:*', 'companies:*', 'contacts:read:*']
    const holding = names.filter((name) => catalog.expand([name]).includes(scope))
    const found = catalog.namesFor(scope).filter((name) => names.includes(name))
    expect(found.sort()).toEqual(holding.sort())
  })

  it('takes all of a resource, and a set, for the name that it is', () => {
    expect(catalog.namesFor('contacts:*')).toEqual(['contacts:*'])
    expect(catalog.namesFor('@sales')).toEqual(['@sales'])
  })

  it('lets what is declared no more stand for nothing but itself', () => {
    expect(catalog.expand(['gone:*', '@gone', 'gone:read'])).toEqual(['gone:read'])
  })

  it.each([
    'contact:*',
    'contacts',
    '*',
    ':*',
    'admin:*',
    '@none',
    'toString',
    '__proto__',
    'contacts:read:*',
  ])('does not know %j', (name) => {
    expect(catalog.has(name)).toBe(false)
  })

  it('finds what is beyond a bound, whichever way either is written', () => {
    expect(beyondOwner(catalog, ['@read-only'], ['contacts:*'])?.message).toMatch(
      /: contacts:write, contacts:notes:read\.$/,
    )
    expect(beyondOwner(catalog, ['contacts:*', 'companies:*'], ['@read-only'])).toBeNull()
    expect(beyondOwner(catalog, null, ['admin'])).toBeNull()
  })

  it.each([
    [{ '@all': '' }, {}, 'must not begin with "@"'],
    [{ 'contacts:*': '' }, {}, 'nor end with ":*"'],
    [{ 'no space': '' }, {}, 'printable ASCII'],
    [declared, { 'read-only': { description: '', scopes: [] } }, 'must be named as "@read-only"'],
    [declared, { '@x': { description: '', scopes: ['contact:read'] } }, 'names "contact:read"'],
    [declared, { '@x': { description: '', scopes: ['@read-only'] } }, 'names "@read-only"'],
  ])('refuses scopes %j with sets %j', (names, groups, message) => {
    expect(() => createScopeCatalog(names, groups)).toThrow(message)
  })
})
