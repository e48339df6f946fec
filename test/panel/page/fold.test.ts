import { expect, test } from 'vitest'

import { foldUnderCauses } from '../../../src/panel/page/now/fold.ts'
import type { AlertRow } from '../../../src/panel/protocol.ts'
import { alertRow } from './rows.ts'

const cause = alertRow({ id: 'cause', service: 'a', severity: 'CRITICAL' })
const other = alertRow({ id: 'other', service: 'a' })
const explained = alertRow({ id: 'explained', service: 'a', inhibited: true })

function folded(...alerts: readonly AlertRow[]): string[] {
  return foldUnderCauses(alerts).map(({ alert, beneath }) => [alert.id, ...beneath.map(({ id }) => `<${id}`)].join(' '))
}

test.for([
  { says: 'nothing is explained', alerts: [cause, other], is: ['cause', 'other'] },
  {
    says: 'it stands beneath what it names',
    alerts: [cause, other, { ...explained, explainedBy: 'other' }],
    is: ['cause', 'other <explained'],
  },
  { says: 'without a name beneath the first of its service', alerts: [explained, cause, other], is: ['cause <explained', 'other'] },
  { says: 'what it names is not there', alerts: [cause, { ...explained, explainedBy: 'gone' }], is: ['cause <explained'] },
  {
    says: 'it may be explained by another service',
    alerts: [cause, { ...explained, service: 'b', explainedBy: 'cause' }],
    is: ['cause <explained'],
  },
  {
    says: 'with nothing that explains it, it is there all the same',
    alerts: [{ ...explained, service: 'b' }, cause],
    is: ['cause', 'explained'],
  },
])('$says', ({ alerts, is }) => {
  expect(folded(...alerts)).toEqual(is)
})
