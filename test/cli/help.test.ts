/** What `help` says can be typed as it stands. */
import { expect, test } from 'vitest'

import { COMMANDS } from '../../src/cli/command-list.ts'
import { commandHelp, usageOf } from '../../src/cli/help.ts'

test('options of run stand before the command that is run, and are those that it takes', () => {
  const run = COMMANDS.find(({ name }) => name === 'run')!
  expect(usageOf(run)).toBe('otel-health run [options] -- <command>')
  expect(commandHelp(run).join('\n')).not.toContain('--json')
})

test('every other command takes --json, and its options behind what it is about', () => {
  const others = COMMANDS.filter(({ name }) => name !== 'run')
  expect(others.filter((command) => !commandHelp(command).join('\n').includes('--json'))).toEqual([])
  expect(others.filter((command) => command.options.length > 0 && !usageOf(command).endsWith(' [options]'))).toEqual([])
})
