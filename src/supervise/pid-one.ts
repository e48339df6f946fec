/**
 * As process 1 of a container everything that loses its parent becomes ours, and Node waits only for what it has started itself: the rest would
 * stay as zombies. A shell waits for all of them. It takes our place, and runs us as its child.
 */
import { existsSync } from 'node:fs'

const SHELL = '/bin/sh'

/**
 * What it runs in the background would have an empty standard input. A signal interrupts `wait`, which is then repeated while the child is there;
 * asked once more, the shell says how the child ended even where it had heard of that together with a signal.
 */
const SCRIPT = `
exec 3<&0
"$@" <&3 3<&- &
child=$!
for signal in TERM INT HUP QUIT USR1 USR2 WINCH CONT; do
  trap "kill -$signal $child 2>/dev/null" $signal
done
wait $child
status=$?
while kill -0 $child 2>/dev/null; do
  wait $child
  status=$?
done
wait $child 2>/dev/null
again=$?
[ $again -eq 127 ] || status=$again
exit $status
`

/** Does not return if a shell takes our place. Elsewhere, and where there is none, it does nothing. */
export function stepAsideAsPidOne(): void {
  if (process.pid !== 1 || !process.execve || !existsSync(SHELL)) return
  const [, script, ...args] = process.argv
  process.execve(SHELL, ['sh', '-c', SCRIPT, 'sh', process.execPath, ...process.execArgv, script!, ...args], { ...process.env })
}
