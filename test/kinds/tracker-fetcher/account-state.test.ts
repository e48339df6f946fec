import { expect, test } from 'vitest'

import { accountStateOf } from '../../../src/kinds/tracker-fetcher/account-state.ts'

test.for([
  { marks: ['401'], is: 'logged_out' },
  { marks: ['403'], is: 'logged_out' },
  { marks: ['UnauthorizedError', 'HttpError'], is: 'logged_out' },
  { marks: ['AuthenticationError'], is: 'logged_out' },
  { marks: ['InvalidCredentialsError'], is: 'logged_out' },
  { marks: ['SessionExpired'], is: 'logged_out' },
  { marks: ['ERR_NOT_LOGGED_IN'], is: 'logged_out' },
  { marks: ['401', 'TwoFactorRequiredError'], is: 'require_2fa' },
  { marks: ['MFA_REQUIRED'], is: 'require_2fa' },
  { marks: ['403', 'AccountLockedError'], is: 'blocked' },
  { marks: ['ECONNRESET'], is: undefined },
  { marks: ['500'], is: undefined },
  { marks: ['429', 'TooManyRequestsError'], is: undefined },
  { marks: ['TypeError', 'UND_ERR_SOCKET'], is: undefined },
  { marks: ['AuthorServiceUnavailable'], is: undefined },
  { marks: [], is: undefined },
])('an error with the marks $marks says that the account is $is', ({ marks, is }) => {
  expect(accountStateOf(marks)).toBe(is)
})
