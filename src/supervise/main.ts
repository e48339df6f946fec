/** `otel-health run` by itself: becomes dist/bin.cjs, and is all that such a process loads. */
import { setFlagsFromString } from 'node:v8'

import { run } from './run.ts'

// It does little, and that for months: to compile it again and again, and better, takes two megabytes and gains nothing.
for (const compiler of ['opt', 'maglev', 'sparkplug']) setFlagsFromString(`--no-${compiler}`)

run(process.argv.slice(3))
