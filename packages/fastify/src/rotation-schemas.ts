import { MAX_GRACE_SECONDS } from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { ApiKey, RevocationReceipt, shownSecret } from './schemas.ts'

const gracePeriodSeconds = (description: string, example: number) =>
  Type.Integer({ minimum: 0, maximum: MAX_GRACE_SECONDS, description, examples: [example] })

/** What to send to rotate a key. */
export type RotateApiKey = Static<typeof RotateApiKey>
export const RotateApiKey = Type.Object(
  {
    gracePeriodSeconds: Type.Optional(
      gracePeriodSeconds(
        'For how many seconds the old secret works beside the new one; 0, at once no more, when left out.',
        86_400,
      ),
    ),
  },
  { additionalProperties: false, description: 'How to give the key another secret.' },
)

/** The reply to a rotation: the one time the new secret is shown. */
export type RotatedApiKey = Static<typeof RotatedApiKey>
export const RotatedApiKey = Type.Object(
  {
    apiKey: ApiKey,
    secret: shownSecret('The new secret. It is shown here and never again: store it now.'),
    receipt: Type.Union([Type.Null(), RevocationReceipt], {
      description: 'When the old secret ended at once, how far that had come; otherwise null.',
    }),
  },
  { description: 'A key with its new secret.' },
)

/** What to send to end a replaced secret, now or later. */
export type UpdateRetiringSecret = Static<typeof UpdateRetiringSecret>
export const UpdateRetiringSecret = Type.Object(
  { gracePeriodSeconds: gracePeriodSeconds('In how many seconds from now it ends; 0: at once.', 0) },
  { additionalProperties: false, description: 'When the replaced secret ends.' },
)
