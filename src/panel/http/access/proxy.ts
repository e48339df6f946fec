/** A proxy before the panel has logged people in and says in a header who they are. */
import { BlockList, isIP } from 'node:net'

import { cleanText } from '../../../wire/clean-text.ts'
import { Refused } from '../refused.ts'
import type { Access } from './access.ts'
import { rightsOfGroups, userWith, type GroupRoles } from './rights.ts'

export interface ProxyLogin extends GroupRoles {
  /** Header with the name of the user, which the proxy sets and never passes on: `x-forwarded-user`. */
  readonly userHeader: string
  /** Header with the groups of the user, divided by commas; left out: nobody is in any group. */
  readonly groupsHeader?: string
  /** Addresses of the proxy, as `10.0.0.5` or `10.0.0.0/8`. Compared with the address of the connection, never with what a header says. */
  readonly trusted: readonly string[]
}

const LONGEST_NAME = 64
const HEADER = /^[\w-]{1,64}$/

/** Throws one sentence if a header or an address cannot be used. */
export function behindProxy({ userHeader, groupsHeader, trusted, ...roles }: ProxyLogin): Access {
  for (const header of [userHeader, ...(groupsHeader === undefined ? [] : [groupsHeader])])
    if (!HEADER.test(header)) throw new Error(`${JSON.stringify(header)} is no name of a header, expected one such as x-forwarded-user.`)
  const proxies = addressesIn(trusted)
  return {
    login: 'proxy',
    recognise({ address, request }) {
      const name = request.headers.get(userHeader)
      if (address === undefined || !proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') || name === null) return undefined
      // A proxy that adds its own to what came instead of replacing it lets everybody choose a name.
      if (name.includes(','))
        throw new Refused(401, `The header ${userHeader} has come twice, or with a comma in it: the proxy must set it itself.`)
      const user = cleanText(name).trim()
      if (user === '' || user.length > LONGEST_NAME) return undefined
      const groups = groupsHeader === undefined ? [] : (request.headers.get(groupsHeader) ?? '').split(',').map((group) => group.trim())
      const rights = rightsOfGroups(groups, roles)
      return rights && userWith(user, rights)
    },
  }
}

/** Throws one sentence if there are none, or one of them is no address. */
function addressesIn(trusted: readonly string[]): BlockList {
  if (trusted.length === 0) throw new Error('No address of the proxy is trusted, expected those it connects from, such as 10.0.0.0/8.')
  const list = new BlockList()
  for (const each of trusted) {
    const [address = '', bits, ...rest] = each.trim().split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const most = family === 'ipv6' ? 128 : 32
    const isRight = isIP(address) !== 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
    if (!isRight) throw new Error(`${JSON.stringify(each)} is no address of a proxy, expected one such as 10.0.0.5 or 10.0.0.0/8.`)
    list.addSubnet(address, bits === undefined ? most : Number(bits), family)
  }
  return list
}
