/** An alert as it is saved, as those read it who judge nothing. The script that folds it writes it (src/wire/scripts/alert.ts). */
import { SERVICE_SILENT } from '../catalogue.ts'
import { isAlertView, type AlertView } from './alert-view.ts'
import { parseFields, type Fields } from './fields.ts'
import { isSaid } from './signature.ts'
import { fitsMessage } from './sizes.ts'

/** `undefined` for what is too large or no alert document of this version, and, with a key, for what is not signed with it. */
export function parseAlertDocument(
  rev: string | null | undefined,
  document: string | null | undefined,
  hmacKey?: string,
): AlertView | undefined {
  const fields = typeof document === 'string' && fitsMessage(document) ? parseFields(document) : undefined
  if (fields?.['v'] !== 1 || (hmacKey !== undefined && !isSaid(hmacKey, fields, SERVICE_SILENT))) return undefined
  const view: Fields = { ...fields, rev: Number(rev ?? 0) }
  return isAlertView(view) ? (view as unknown as AlertView) : undefined
}
