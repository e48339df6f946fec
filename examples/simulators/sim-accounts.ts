import { randomInt } from 'node:crypto'
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
}

export class SimAccounts {
  readonly list: readonly SimAccount[]

  constructor(count: number, random: Random) {
    this.list = Array.from({ length: count }, (_, index) => ({
      alias: `account-${index + 1}`,
      appleId: `account-${index + 1}@example.org`,
      password: `password-${index + 1}`,
      dsid: String(10_000_000 + index),
      code: String(100_000 + Math.floor(random.next() * 900_000)),
      token: undefined,
      wants2fa: false,
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

  logIn(account: SimAccount): string {
    account.token = `token-${account.dsid}-${randomInt(2 ** 47).toString(36)}`
    return account.token
  }
}
