import { Type, type Static } from 'typebox'
import { email, line, plainPattern, timestamp } from '../text-schema.ts'

const strict = { additionalProperties: false }

const orNull = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description })

export const Company = Type.Object(
  {
    id: Type.String({ examples: ['company_01h455vb4pex5vsknk084sn02q'] }),
    name: Type.String({ examples: ['Alder & Finch'] }),
    domain: Type.String({ examples: ['alder-and-finch.example'] }),
    industry: Type.String({ examples: ['Architecture'] }),
    city: Type.String({ examples: ['Bristol'] }),
    country: Type.String({ examples: ['United Kingdom'] }),
    employees: Type.Integer({ examples: [42] }),
    createdAt: timestamp('When it was created.'),
    updatedAt: timestamp('When it was last changed.'),
  },
  { description: 'A company.' },
)
export type Company = Static<typeof Company>

export const Contact = Type.Object(
  {
    id: Type.String({ examples: ['contact_01h455vb4pex5vsknk084sn02q'] }),
    name: Type.String({ examples: ['Imogen Hartley'] }),
    email: Type.String({ examples: ['imogen.hartley@alder-and-finch.example'] }),
    phone: orNull('As it was entered.'),
    jobTitle: orNull('What they do at the company.'),
    company: Type.Union([Type.Object({ id: Type.String(), name: Type.String() }), Type.Null()], {
      description: 'Where they work.',
    }),
    createdAt: timestamp('When it was created.'),
    updatedAt: timestamp('When it was last changed.'),
  },
  { description: 'A contact.' },
)
export type Contact = Static<typeof Contact>

export const CompanyList = listOf(Company)
export const ContactList = listOf(Contact)

function listOf<Item extends typeof Company | typeof Contact>(item: Item) {
  return Type.Object(
    {
      data: Type.Array(item, { description: 'Newest first.' }),
      nextCursor: orNull('Send it as `cursor` for the next page; null on the last one.'),
    },
    { description: 'One page of a list.' },
  )
}

export const ListQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, default: 25, description: 'How many a page holds.' }),
    ),
    cursor: Type.Optional(
      Type.String({ maxLength: 100, description: 'The `nextCursor` of the page before.' }),
    ),
    q: Type.Optional(
      Type.String({
        maxLength: 100,
        pattern: plainPattern,
        description: 'Part of a name or of an address, in any case.',
      }),
    ),
  },
  strict,
)
export type ListQuery = Static<typeof ListQuery>

/** Whatever is no id of a row here is simply not found, so nothing is asked of its form. */
export const IdParams = Type.Object({ id: Type.String() })

const contactFields = {
  name: line(100, 'How they are called.'),
  email: email('Where they are reached.'),
  phone: Type.Union([Type.Null(), line(40, 'Any notation.')]),
  jobTitle: Type.Union([Type.Null(), line(100, 'What they do at the company.')]),
  companyId: Type.Union([Type.Null(), Type.String({ maxLength: 100 })], {
    description: 'The id of a company of the same workspace, or null.',
  }),
}

export const NewContact = Type.Object(
  {
    name: contactFields.name,
    email: contactFields.email,
    phone: Type.Optional(contactFields.phone),
    jobTitle: Type.Optional(contactFields.jobTitle),
    companyId: Type.Optional(contactFields.companyId),
  },
  strict,
)

export const ContactChange = Type.Partial(Type.Object(contactFields), {
  ...strict,
  minProperties: 1,
  description: 'What to change; what is left out stays.',
})
