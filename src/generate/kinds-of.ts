/** Every kind that dashboards and rules are made for: those that are known, and that of the service here if somebody else made it. */
import { KINDS } from '../kinds/index.ts'
import type { Kind } from '../kinds/kind.ts'
import type { GenerateOptions } from './options.ts'

export function kindsOf({ kind }: Pick<GenerateOptions, 'kind'>): readonly Kind[] {
  return KINDS.some(({ name }) => name === kind.name) ? KINDS : [...KINDS, kind]
}
