import { describe, expect, test } from 'vitest'

import { readRunOptions, RUN_OPTIONS, RunUsageError } from '../../src/supervise/run-options.ts'

describe('the options of run', () => {
  test('have defaults', () => {
    expect(readRunOptions(['--', 'node', '/srv/service.js'])).toMatchObject({
      ...{ command: ['node', '/srv/service.js'], what: 'node service.js', restart: 'on-failure', watchOnly: false, exitOnGiveUp: false },
      ...{
        hangMs: 30_000,
        graceMs: 30_000,
        killAfterMs: 10_000,
        intensity: 5,
        periodMs: 600_000,
        firstPauseMs: 1000,
        maxMemoryBytes: undefined,
      },
    })
  })

  test('are read in both ways of writing, up to the first -- alone', () => {
    const args = [
      '--restart=always',
      '--max-memory',
      '512M',
      '--watch-only',
      '--hang-limit',
      '2m',
      '--',
      'npm',
      'run',
      '--',
      '--restart',
      'x',
    ]
    expect(readRunOptions(args)).toMatchObject({
      ...{ restart: 'always', maxMemoryBytes: 512e6, watchOnly: true, hangMs: 120_000, command: ['npm', 'run', '--', '--restart', 'x'] },
    })
  })

  test.for([
    { args: [], says: 'What is to be run?' },
    { args: ['node', 'service.js'], says: 'What is to be run?' },
    { args: ['--'], says: 'What is to be run?' },
    { args: ['node', '--', 'x'], says: 'There is no option "node".' },
    { args: ['--restrat', 'always', '--', 'x'], says: 'There is no option "--restrat".' },
    { args: ['--restart', 'sometimes', '--', 'x'], says: '--restart is "sometimes", expected on-failure, always or never.' },
    { args: ['--restart', '--', 'x'], says: '--restart takes a value.' },
    { args: ['--watch-only=yes', '--', 'x'], says: '--watch-only takes no value.' },
    { args: ['--max-memory', '5', '--', 'x'], says: '--max-memory is "5", expected a size of at least 16M' },
    { args: ['--max-restarts', '-1', '--', 'x'], says: '--max-restarts is "-1", expected a whole number from 0 to 1000.' },
    { args: ['--grace', 'soon', '--', 'x'], says: '--grace is "soon", expected a time' },
  ])('$args are refused: $says', ({ args, says }) => {
    expect(() => readRunOptions(args)).toThrow(RunUsageError)
    expect(() => readRunOptions(args)).toThrow(says)
  })

  test('are all read', () => {
    for (const [name, option] of Object.entries(RUN_OPTIONS)) {
      const value = 'value' in option ? [{ '<time>': '7s', '<size>': '32M', '<n>': '7', '<when>': 'never' }[option.value]] : []
      const read = readRunOptions([`--${name}`, ...value, '--', 'x'])
      expect(read).not.toEqual(readRunOptions(['--', 'x']))
    }
  })
})
