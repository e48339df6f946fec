/** How an instance ends on request, or because its supervisor has found a reason: once, and nothing that is asked meanwhile is promised and not kept. */
import { expect, test } from 'vitest'

import { AskedInstance } from './asked-instance.ts'

function supervised() {
  const endings: string[] = []
  return { restarts: true, endings, ending: (request: string, action: string) => void endings.push(`${Number(request)} ${action}`) }
}

test('a drain shows how much is in hand until there is nothing, and ends the process then', async () => {
  const instance = new AskedInstance()
  const piece = instance.inHand.begin('mails')
  await instance.ask('drain')
  await instance.pass(59)
  expect([instance.ends, instance.shown?.phase]).toEqual([0, 'draining'])
  instance.inHand.end(piece)
  await instance.pass(1)
  expect(instance.ends).toBe(1)
  instance.obedience.stopped()
  await instance.pass(0)
  expect(instance.said()).toEqual(['drain done: it has ended, with nothing in hand'])
})

test.for([
  { goesOn: [], words: 'work goes on that nothing here holds: name what takes it in control.holds of health.config' },
  { goesOn: ['kafkajs'], words: 'what cannot be paused goes on: kafkajs' },
])('while work goes on beginning a drain says so, and why: $words', async ({ goesOn, words }) => {
  const instance = new AskedInstance({ pausable: () => ({ any: true, goesOn }) })
  await instance.ask('drain')
  instance.clock.every(100, () => instance.inHand.end(instance.inHand.begin('mails')))
  await instance.pass(20)
  expect(instance.progress.slice(0, 2)).toEqual(['', ''])
  expect(new Set(instance.progress.slice(2))).toEqual(new Set([words]))
  await instance.pass(45)
  expect(instance.said()).toEqual([`drain failed: after 60 s ${words}; it stays paused until it is resumed`])
})

test('a process that was sent SIGTERM and does not end has failed to, and is asked nothing more', async () => {
  const instance = new AskedInstance()
  await instance.ask('stop')
  await instance.pass(91)
  expect([instance.ends, instance.said()]).toEqual([1, ['stop failed: it was sent SIGTERM 60 s ago, and still runs']])
  await instance.ask('resume')
  expect(instance.said()).toEqual(['resume refused: this process is ending already'])
})

test('what its supervisor has it drained for ends it, and nobody is told that it works again or is started again', async () => {
  const instance = new AskedInstance({ supervised: supervised() })
  const piece = instance.inHand.begin('mails')
  void instance.obedience.drainFor('it has 900 MB in use')
  await instance.pass(5)
  expect(instance.shown).toEqual({ phase: 'draining', reason: 'draining: it has 900 MB in use' })
  for (const action of ['resume', 'pause', 'restart'] as const) {
    await instance.ask(action)
    expect(instance.said()).toEqual([`${action} refused: this process is ending already`])
  }
  expect(instance.hold.isHeld).toBe(true)
  instance.inHand.end(piece)
  await instance.pass(2)
  expect(instance.ends).toBe(1)
})

test('what its supervisor has it drained for ends it at its limit, whatever is in hand', async () => {
  const instance = new AskedInstance({ supervised: supervised() })
  instance.inHand.begin('mails')
  void instance.obedience.drainFor('it has 900 MB in use')
  await instance.pass(59)
  expect(instance.ends).toBe(0)
  await instance.pass(2)
  expect(instance.ends).toBe(1)
})

test('a restart that waits for work in hand comes about with what its supervisor finds meanwhile: one SIGTERM, and it is told for which request', async () => {
  const by = supervised()
  const instance = new AskedInstance({ supervised: by })
  const piece = instance.inHand.begin('mails')
  await instance.ask('restart')
  void instance.obedience.drainFor('it has 900 MB in use')
  await instance.pass(5)
  instance.inHand.end(piece)
  await instance.pass(5)
  expect([instance.ends, by.endings]).toEqual([1, ['1 restart']])
})

test('a restart that is given up while its supervisor has it drained lets nothing go on', async () => {
  const by = supervised()
  const instance = new AskedInstance({ supervised: by })
  instance.inHand.begin('mails')
  await instance.ask('restart')
  await instance.pass(30)
  void instance.obedience.drainFor('it has 900 MB in use')
  await instance.pass(31)
  expect(instance.said()).toEqual(['restart failed: 1 piece of work still in hand after 60 s'])
  expect([instance.hold.isHeld, instance.shown?.phase, instance.ends]).toEqual([true, 'draining', 0])
  await instance.pass(30)
  expect([instance.ends, by.endings]).toEqual([1, []])
})

/** A turn that does not come by itself. */
function turnThatIsAwaited({ comesAsItIsCalledOff = false } = {}) {
  let isTaken = false
  return {
    get isTaken() {
      return isTaken
    },
    take: (_request: unknown, calledOff: AbortSignal) =>
      new Promise<void>((resolve) =>
        calledOff.addEventListener('abort', () => {
          isTaken = comesAsItIsCalledOff
          resolve()
        }),
      ),
    release: () => void (isTaken = false),
  }
}

test('a restart that waits for its turn works meanwhile, and a resume calls it off: it can be asked for other things at once', async () => {
  const instance = new AskedInstance({ supervised: supervised(), turn: turnThatIsAwaited() })
  instance.waiting = 7
  const { id } = await instance.ask('restart')
  await instance.pass(600)
  expect([instance.hold.isHeld, instance.shown]).toEqual([false, undefined])
  instance.waiting = 12
  await instance.ask('pause')
  await instance.ask('resume')
  expect(instance.said()).toEqual([
    `pause refused: a restart that ann asked for is under way (${id})`,
    'restart failed: ann called it off: to resume',
    'resume done: it works on',
  ])
  await instance.ask('pause')
  expect([instance.said(), instance.ends]).toEqual([['pause done: it is paused'], 0])
})

test('a restart that is called off as its turn comes gives that back', async () => {
  const turn = turnThatIsAwaited({ comesAsItIsCalledOff: true })
  const instance = new AskedInstance({ supervised: supervised(), turn })
  await instance.ask('restart')
  await instance.ask('resume')
  await instance.pass(60)
  expect([turn.isTaken, instance.hold.isHeld, instance.ends]).toEqual([false, false, 0])
})

test('a restart that waits for work in hand is called off as a drain is', async () => {
  const instance = new AskedInstance({ supervised: supervised() })
  const piece = instance.inHand.begin('mails')
  await instance.ask('restart')
  await instance.ask('resume')
  expect(instance.said()).toEqual(['restart failed: ann called it off: to resume', 'resume done: it works again'])
  instance.inHand.end(piece)
  await instance.pass(60)
  expect([instance.hold.isHeld, instance.shown, instance.ends]).toEqual([false, undefined, 0])
})
