'use strict'
// Becomes dist/old-node.cjs, which every entry loads first: on a Node that is too old it says so in one sentence and ends the process, for
// a service that runs on without being watched is found out at night. Plain JavaScript without new syntax, for it must run on every Node.
// Nor may anything the entries import fail to be linked there: what older versions of a module of Node do not export is read off its default.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `otel-health needs Node.js 22.18 or newer, and this is ${process.versions.node} (${process.execPath}): start it with a newer one, or the service without otel-health.`,
  )
  process.exit(1)
}
