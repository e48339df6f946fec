/** Redis commands whose answers say something else than how the server is. Names in any case. */

/** What a client sends for itself. INFO is answered while the server still loads, CLUSTER by nodes that serve no slot. */
export function isHandshake(command: string): boolean {
  return /^(?:hello|auth|client|info|select|readonly|cluster|command|sentinel)$/i.test(command)
}

/** BLPOP, BZPOPMIN and their like, XREAD, XREADGROUP, WAIT, SUBSCRIBE: what they wait for is not the server. */
export function waitsOnPurpose(command: string): boolean {
  return /^(?:b[lrz]|xread|wait|[ps]?subscribe|monitor)/i.test(command)
}
