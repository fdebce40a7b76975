import { twoFactor, type TwoFactorOptions } from 'better-auth/plugins/two-factor'
import { beginSessionPath } from './begin-session.ts'

/** better-auth's second factor, asked for also where a session begins without a password. */
export function askSecondFactor(options: TwoFactorOptions) {
  const plugin = twoFactor(options)
  const after = plugin.hooks.after.map((hook): typeof hook => ({
    ...hook,
    matcher: (context) => context.path === beginSessionPath || hook.matcher(context),
  }))
  return { ...plugin, hooks: { after } }
}
