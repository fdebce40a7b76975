export const texts = {
  title: 'Create API Key',
  name: 'Key Name',
  nameHint: 'A descriptive name that tells its purpose',
  namePlaceholder: 'Integration with CRM',
  environment: 'Environment',
  environments: {
    live: { label: 'Live', hint: 'For real use' },
    test: { label: 'Test', hint: 'For trying things out' },
  },
  scopes: 'Scopes',
  scopesHint: 'What the key may do. Give it only what it needs.',
  expires: 'Expires',
  choice: (days: number, date: string) => `${days} days (${date})`,
  never: 'Never',
  expiresOn: (date: string) => `Expires ${date}.`,
  neverHint: 'A key that never expires stays dangerous if it leaks. Prefer a date.',
  generate: 'Generate',
  generating: 'Generating…',
  cancel: 'Cancel',
  loading: 'Loading the form',
  noPermission: {
    title: 'You cannot create keys',
    text: 'Your role in this workspace is viewer. Ask an owner or admin to create the key, or to change your role.',
    back: 'Back to API Keys',
  },
  errors: {
    nameMissing: 'Enter a name that tells what the key is for.',
    nameLong: 'Use at most 64 characters.',
    rejected: 'The key was not created. Check the form and try again.',
    tooMany: 'This workspace has as many keys as it may have. Delete one that is no longer needed.',
    usedForm:
      'This form has already made a key, so it cannot make another. Press Generate again to use a fresh one.',
    inFlight: 'This form is already being handled. Wait a moment, then try again.',
    unavailable: 'The API does not answer. Press Generate to try again: you will not get two keys.',
    lost: 'The answer got lost on the way. Press Generate to try again: if the key was created, you get that same key.',
  },
}

export const revealTexts = {
  title: 'Copy your key now',
  warning:
    'This is the only time the whole key is shown. Store it somewhere safe, like a password manager or your application’s secret store: every API request needs it.',
  keyLabel: (name: string) => `Key “${name}”`,
  copy: 'Copy',
  copied: 'Copied',
  copiedMessage: 'Key copied to the clipboard.',
  copyRefused: 'Your browser did not allow copying. The key is selected: press Ctrl+C, or ⌘C on a Mac.',
  copyByHand: 'Double-click the key to select it, then copy it.',
  use: 'Send it with every request',
  code: (apiUrl: string, start: string) =>
    `curl ${apiUrl}/v1/contacts \\\n  -H "Authorization: Bearer ${start}…"`,
  saved: 'I have saved it somewhere safe',
  done: 'Done',
  gone: 'The key is no longer shown.',
  replayed: {
    title: 'This key exists already',
    text: (name: string) =>
      `The form was sent more than once, and the key “${name}” was created the first time. Its secret is given out once, with the first answer. If you do not have it, delete the key and create another.`,
  },
  guard: {
    title: 'Close without copying?',
    text: 'The key has not been copied. Once this closes, nobody can see it again.',
    stay: 'Go back',
    leave: 'Close anyway',
  },
}
