/** An alert as it is saved, as those read it who judge nothing. The script that folds it writes it (src/wire/scripts/alert.ts). */
import { isAlertView, type AlertView } from './alert-view.ts'
import { parseFields, type Fields } from './fields.ts'
import { fitsMessage } from './sizes.ts'

/** `undefined` for what is too large or no alert document of this version. */
export function parseAlertDocument(rev: string | null | undefined, document: string | null | undefined): AlertView | undefined {
  const fields = typeof document === 'string' && fitsMessage(document) ? parseFields(document) : undefined
  if (fields?.['v'] !== 1) return undefined
  const view: Fields = { ...fields, rev: Number(rev ?? 0) }
  return isAlertView(view) ? (view as unknown as AlertView) : undefined
}
