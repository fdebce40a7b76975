import { Type, type Static } from 'typebox'

/** Every error, as RFC 9457 has it. */
export type Problem = Static<typeof Problem>
export const Problem = Type.Object(
  {
    type: Type.String({
      format: 'uri-reference',
      description: 'What kind of problem it is, as an address.',
      examples: ['https://latchkey.dev/problems/invalid_request'],
    }),
    title: Type.String({
      description: 'The kind of problem, for people.',
      examples: ['The request is not valid'],
    }),
    status: Type.Integer({
      minimum: 400,
      maximum: 599,
      description: 'The HTTP status.',
      examples: [400],
    }),
    detail: Type.String({
      description: 'What is wrong this time, for people.',
      examples: ['Something in the request is not as it must be; `errors` names the fields.'],
    }),
    code: Type.String({
      description: 'The kind of problem, for programs. A code never changes its meaning.',
      examples: ['invalid_request'],
    }),
    requestId: Type.String({
      description: 'By which the request is found in the log.',
      examples: ['req-1'],
    }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          field: Type.String({ description: 'The field.', examples: ['name'] }),
          message: Type.String({ description: 'What is wrong with it.', examples: ['is required'] }),
        }),
        { description: 'The fields that are wrong.' },
      ),
    ),
    'violated-policies': Type.Optional(
      Type.Array(Type.String({ description: 'The name of a rate limit.', examples: ['burst'] }), {
        description: 'The rate limits of the key that were reached.',
      }),
    ),
  },
  { description: 'A problem document (RFC 9457).' },
)
