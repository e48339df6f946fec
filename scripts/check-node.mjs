// Plain JavaScript without new syntax: it must run, and say what to do, on the oldest Node that npm itself runs on.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `otel-health needs Node 22.18 or newer but this script runs on ${process.version}: run "npm install" again without --ignore-scripts and --omit=dev (it brings Node 26 into node_modules), or install a newer Node.`,
  )
  process.exit(1)
}
