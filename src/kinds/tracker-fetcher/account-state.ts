/** What an error says of the account that it was thrown for. */
import type { AccountState } from './metrics.ts'

/** A person must enter a code: `TwoFactorRequiredError`, `Require2FA`, `MFA_REQUIRED`. */
const TWO_FACTOR = /2fa|mfa|two.?factor/i
/** The server refuses the account itself: `AccountLockedError`, `ACCOUNT_DISABLED`. */
const BLOCKED = /account.?(blocked|locked|disabled|suspended)/i
/** `UnauthorizedError`, `AuthenticationFailed`, `InvalidCredentialsError`, `SessionExpiredError`, `ERR_NOT_LOGGED_IN`, `TokenExpiredError`. */
const LOGGED_OUT =
  /unauthori[sz]ed|unauthenticated|not.?authenticated|authentication|auth.?(error|failed|expired|required)|forbidden|invalid.?(credentials?|login|password|token)|(bad|wrong).?(credentials?|password)|logged.?out|not.?logged.?in|login.?(failed|required|error)|(session|token).?(expired|revoked|invalid)/i
const STATUSES = ['401', '403']

/** By its codes, statuses and class names; `undefined` for what says nothing of an account, such as ECONNRESET or 500. */
export function accountStateOf(marks: readonly string[]): AccountState | undefined {
  if (marks.some((mark) => TWO_FACTOR.test(mark))) return 'require_2fa'
  if (marks.some((mark) => BLOCKED.test(mark))) return 'blocked'
  return marks.some((mark) => STATUSES.includes(mark) || LOGGED_OUT.test(mark)) ? 'logged_out' : undefined
}
