import type { FaultName } from './faults.ts'
import type { Random } from './random.ts'

/** An Apple account as Apple sees it. */
export interface SimAccount {
  readonly alias: string
  readonly appleId: string
  readonly password: string
  readonly dsid: string
  /** What the trusted device shows when a second factor is wanted. */
  readonly code: string
  token: string | undefined
  wants2fa: boolean
  /** The fault that took the token away. */
  revokedBy: FaultName | null
}

export class SimAccounts {
  readonly list: readonly SimAccount[]
  #logins = 0

  constructor(count: number, random: Random) {
    this.list = Array.from({ length: count }, (_, index) => ({
      alias: `account-${index + 1}`,
      appleId: `account-${index + 1}@example.org`,
      password: `password-${index + 1}`,
      dsid: String(10_000_000 + index),
      code: String(100_000 + Math.floor(random.next() * 900_000)),
      token: undefined,
      wants2fa: false,
      revokedBy: null,
    }))
  }

  /** The accounts meant by an alias, or all of them. */
  matching(alias?: string): readonly SimAccount[] {
    return alias === undefined ? this.list : this.list.filter((account) => account.alias === alias)
  }

  byAppleId(appleId: unknown): SimAccount | undefined {
    return this.list.find((account) => account.appleId === appleId)
  }

  byDsid(dsid: string | undefined): SimAccount | undefined {
    return this.list.find((account) => account.dsid === dsid)
  }

  /** Gives the account a new session; the one before ends. */
  logIn(account: SimAccount): string {
    account.token = `token-${account.dsid}-${++this.#logins}`
    account.revokedBy = null
    return account.token
  }

  revoke(account: SimAccount, fault: FaultName): void {
    account.token = undefined
    account.revokedBy = fault
  }
}
