/** Makes the table of docs/supervise.md of what is a reason to start a service again: `node scripts/evidence-table.ts`; a test compares it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { FINDINGS } from '../src/supervise/evidence.ts'

export const SUPERVISE: string = fileURLToPath(new URL('../docs/supervise.md', import.meta.url))

const PLACE = /<!-- evidence -->\n[\s\S]*<!-- end of evidence -->/

export function withEvidence(text: string): string {
  const rows = Object.values(FINDINGS).map(({ what, restarts, because }) => `| ${what} | ${restarts ? 'yes' : 'no'} | ${because} |`)
  const table = ['| what is found | started again | for |', '| --- | --- | --- |', ...rows].join('\n')
  return text.replace(PLACE, `<!-- evidence -->\n\n${table}\n\n<!-- end of evidence -->`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(SUPERVISE, withEvidence(readFileSync(SUPERVISE, 'utf8')))
