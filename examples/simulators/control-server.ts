import type { IncomingMessage, ServerResponse } from 'node:http'
import { FaultError, type Faults } from './faults.ts'
import type { Ledger } from './ledger.ts'
import { json, LoopbackServer, readBody, send, type Address, type Answer } from './loopback-server.ts'
import type { Siblings } from './siblings.ts'
import type { SimAccounts } from './sim-accounts.ts'

const ROUTES =
  'GET /faults, PUT /faults/<name>, DELETE /faults/<name>, GET /ledger, GET /ledger?full=1, GET /accounts, POST /accounts/submit-code'

interface Parts {
  readonly faults: Faults
  readonly ledger: Ledger
  readonly siblings: Pick<Siblings, 'summary'> | undefined
  readonly accounts: SimAccounts
  readonly submitCode: (alias?: string) => void
}

/** Switches faults, shows the ledger, and plays the operator who has the trusted device. */
export function controlServer(parts: Parts, address: Address): LoopbackServer {
  return new LoopbackServer(async (request: IncomingMessage, response: ServerResponse) => {
    await send(response, await answer(request, parts))
  }, address)
}

async function answer(request: IncomingMessage, { faults, ledger, siblings, accounts, submitCode }: Parts): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control')
  const fault = /^\/faults\/(?<name>[^/]+)$/.exec(pathname)?.groups?.name
  try {
    if (request.method === 'GET' && pathname === '/faults') return json(faults.list())
    if (request.method === 'PUT' && fault !== undefined) {
      await faults.set(decode(fault), await readJson(request))
      return json(faults.list().find(({ name }) => name === decode(fault)))
    }
    if (request.method === 'DELETE' && fault !== undefined) {
      await faults.clear(decode(fault))
      return json(faults.list().find(({ name }) => name === decode(fault)))
    }
    if (request.method === 'GET' && pathname === '/ledger') {
      return json({
        ...ledger.summary(),
        ...(siblings && { siblings: siblings.summary() }),
        ...(searchParams.get('full') === '1' && { entries: ledger.entries() }),
      })
    }
    if (request.method === 'GET' && pathname === '/accounts') {
      return json(
        accounts.list.map(({ alias, code, token, wants2fa }) => ({ alias, code, logged_in: token !== undefined, wants_2fa: wants2fa })),
      )
    }
    if (request.method === 'POST' && pathname === '/accounts/submit-code') {
      const { account } = (await readJson(request)) as { account?: unknown }
      if (account !== undefined && (typeof account !== 'string' || accounts.matching(account).length === 0)) {
        const aliases = accounts.list.map(({ alias }) => alias).join(', ')
        throw new FaultError(400, `There is no account ${JSON.stringify(account)}; there are ${aliases}.`)
      }
      submitCode(account)
      return json({ submitted: accounts.matching(account).map(({ alias }) => alias) })
    }
    throw new FaultError(404, `There is no ${request.method} ${pathname}; there are ${ROUTES}.`)
  } catch (error) {
    if (error instanceof FaultError) return json({ error: error.message }, error.status)
    throw error
  }
}

async function readJson(request: IncomingMessage): Promise<object> {
  const body = await readBody(request)
  if (body === '') return {}
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw new FaultError(400, `The body is ${JSON.stringify(body.slice(0, 40))}; expected a JSON object, or nothing.`)
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
