#!/usr/bin/env node
'use strict'
// Begins dist/bin.cjs, the command of the package. `run` stands beside a service for as long as that runs, so that the supervisor is in this very
// file: a second file that is required costs a process three megabytes, as measured with Node 26.
const args = process.argv.slice(2)
const end = args.indexOf('--')
const own = end === -1 ? args : args.slice(0, end)
if (own[0] === 'run' && !own.includes('--help') && !own.includes('-h')) supervise()
else void import('./cli/main.js')
