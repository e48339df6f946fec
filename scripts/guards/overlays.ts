import type { GuardedFile } from './guard.ts'

export const OVERLAYS_GUARDS: readonly GuardedFile[] = [
  {
    file: 'src/overlays/gate.ts',
    tests: ['test/overlays/gate.test.ts', 'test/judge/scenarios.test.ts'],
    guards: [
      {
        breaks: 'who was told that it fired is told that it is resolved, silence or not',
        text: "if (type === 'resolved') return",
        becomes: "if (type === 'resolved' && overlay.silenced.length === 0) return",
      },
      {
        breaks: 'who was never told that it fired is not told that it is resolved',
        text: "if (type === 'resolved') return isToldOpen(overlay) ? TELL :",
        becomes: "if (type === 'resolved') return true ? TELL :",
      },
      { breaks: 'nobody is told of what another alert explains', text: 'if (overlay.inhibited) return', becomes: 'if (false) return' },
      { breaks: 'an acknowledgement ends at its time', text: 'overlay.ack && now < overlay.ack.until', becomes: 'overlay.ack' },
    ],
  },
  {
    file: 'src/overlays/step-overlays.ts',
    tests: ['test/judge/scenarios.test.ts'],
    guards: [
      {
        breaks: 'an acknowledgement of a WARNING falls when it becomes CRITICAL',
        text: "if (overlay.ack && before?.severity === 'WARNING' && after.severity === 'CRITICAL') end('unacked')",
        becomes: '',
      },
      {
        breaks: 'people are told what is true when nothing lies over it any more',
        text: 'if (open && hold.until === undefined && isUntrue(overlay, after)) {',
        becomes: 'if (false) {',
      },
      {
        breaks: 'what another alert may explain is held before it is told',
        text: "change?.type === 'fired' && hasCauses",
        becomes: 'false && hasCauses',
      },
      {
        breaks: 'what was resolved by hand and is still in breach is opened again',
        text: 'now - byHand.at < REOPEN_MS || !breaching',
        becomes: 'true',
      },
      {
        breaks: 'what was resolved long ago is no flapping',
        text: 'was.flaps.filter((at) => now - at < FLAPPING_MS)',
        becomes: 'was.flaps',
      },
      { breaks: 'an acknowledgement is of one episode', text: 'if (!open) overlay = { ...overlay, ack: undefined }', becomes: '' },
    ],
  },
  {
    file: 'src/overlays/matcher.ts',
    tests: ['test/overlays/matcher.test.ts'],
    guards: [
      { breaks: 'a silence needs all of its conditions', text: 'match.every((each) =>', becomes: 'match.some((each) =>' },
      {
        breaks: 'a silence that ends with its alert is about one alert',
        text: 'each[0] === name && each.length === 2',
        becomes: 'each[0] === name',
      },
      { breaks: 'two pieces of a pattern do not share a sign', text: 'text.length - last.length >= from && ', becomes: '' },
    ],
  },
  {
    file: 'src/overlays/repeat.ts',
    tests: ['test/overlays/repeat.test.ts'],
    guards: [
      { breaks: 'a maintenance window that is over does not come again', text: 'if (from + lengthMs > now) windows', becomes: 'windows' },
      {
        breaks: 'a maintenance window that has begun is one still',
        text: 'offsetAt(format, now) - lengthMs) / DAY_MS',
        becomes: 'offsetAt(format, now)) / DAY_MS + 1',
      },
      { breaks: 'of a time that clocks show twice the first is meant', text: 'Math.min(...found)', becomes: 'Math.max(...found)' },
    ],
  },
  {
    file: 'src/overlays/silence.ts',
    tests: ['test/overlays/silence.test.ts'],
    guards: [
      { breaks: 'a silence is over at its end', text: 'now >= from && now < until', becomes: 'now >= from && now <= until' },
      { breaks: 'a silence of another version is none', text: 'v !== 1 || ', becomes: '' },
      {
        breaks: 'a silence that ends with its alert is over when that is resolved',
        text: '(!isOpen(alert) || alert.episode !== named.episode)',
        becomes: 'alert.episode !== named.episode',
      },
      {
        breaks: 'and is none of the next episode',
        text: '(!isOpen(alert) || alert.episode !== named.episode)',
        becomes: '!isOpen(alert)',
      },
    ],
  },
]
