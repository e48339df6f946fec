/** What the operating system says of a process. Known on Linux, by /proc; elsewhere little is. */
import { existsSync, readFileSync } from 'node:fs'

import type { Standing } from './evidence.ts'

const PROC = '/proc'
/** No launcher starts a service through more. */
const MOST_GENERATIONS = 64

/** Whether there is one: without it memory is not seen, and nobody knows what stops a process. */
export function hasProc(): boolean {
  return existsSync(`${PROC}/self/stat`)
}

/** Source: proc_pid_stat(5): state, ppid, pgrp, session, tty_nr, tpgid, after a name that may hold anything. */
function statOf(pid: number | 'self'): readonly string[] | undefined {
  try {
    const stat = readFileSync(`${PROC}/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

export function standingOf(pid: number): Standing {
  const state = statOf(pid)?.[0]
  if (state === 'T') return 'stopped'
  if (state === 't') return 'traced'
  if (state === 'Z' || state === 'X') return 'gone'
  if (state !== undefined) return 'runs'
  return !hasProc() && isThere(pid) ? 'runs' : 'gone'
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Resident, in bytes; `undefined` where it is not known. */
export function memoryOf(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`${PROC}/${pid}/status`, 'latin1')) ?? []
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    return undefined
  }
}

/** Whether a process comes of another, or is it. */
export function comesOf(pid: number, ancestor: number): boolean {
  for (let i = 0, each = pid; i < MOST_GENERATIONS && each > 1; i++) {
    if (each === ancestor) return true
    each = Number(statOf(each)?.[1] ?? 0)
  }
  return false
}

/** Whether a terminal's Ctrl-C goes to this process and all of its group, so that what it started has it already. */
export function isInForeground(): boolean {
  const [, , group, , terminal, foreground] = statOf('self') ?? []
  return terminal !== undefined && terminal !== '0' && group === foreground
}
