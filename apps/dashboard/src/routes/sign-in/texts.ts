export const texts = {
  title: 'Sign in',
  lead: 'Manage the API keys of your workspace.',
  email: 'Email',
  password: 'Password',
  submit: 'Sign in',
  errors: {
    missing: 'Enter your email and your password.',
    rejected: 'This email and password do not match. Check both and try again.',
    tooMany: 'Too many attempts. Wait a minute, then try again.',
    noWorkspace:
      'Your account belongs to no workspace any more. An owner or admin of the workspace can add it again.',
    unavailable: 'The API does not answer, so nobody can sign in right now. Try again in a moment.',
  },
  notices: {
    'signed-out': 'You have signed out.',
    'sign-out-incomplete':
      'This browser has forgotten you, but the server could not be told. Your session there ends by itself within an hour.',
  },
  insecure:
    'This page is not on a secure connection, and browsers keep the sign-in cookie only on one. Open the dashboard over https://, or as http://localhost on the machine it runs on.',
  setupNeeded:
    'Nobody has an account here yet. Open the one-time set-up link that the API printed when it started.',
}
