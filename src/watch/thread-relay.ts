/**
 * Worker threads have no monitor of their own: what is seen in one is told to the main thread, so that a process is one instance
 * however many threads it starts and ends.
 */
import { BroadcastChannel, getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads'

import type { ServiceRecorder } from './service-recorder.ts'
import type { Cancel } from '../types.ts'

const CHANNEL = 'otel-health'
const LISTENING = 'otel-health.listening'

interface Told {
  readonly method: keyof ServiceRecorder
  readonly args: readonly unknown[]
}

/** Threads that were started and are watched from here on. */
let threads = 0

/** Whether a worker thread has told anything or begun to watch: what the main thread does not load may be loaded there. */
export function hasThreads(): boolean {
  return threads > 0
}

/** Records what threads started from now on tell. The channel keeps nothing alive. */
export function receiveFromThreads(recorder: ServiceRecorder): Cancel {
  if (!isMainThread) return () => {}
  setEnvironmentData(LISTENING, process.argv[1] ?? '')
  const channel = new BroadcastChannel(CHANNEL)
  channel.unref()
  channel.onmessage = (message: unknown): void => {
    // A listener that throws would end the service.
    try {
      const { method, args } = (message as { data: Told }).data
      ;(recorder[method] as (...args: readonly unknown[]) => void)(...args)
    } catch {
      recorder.dropped('what a worker thread saw')
    }
  }
  return () => channel.close()
}

/** The script of the main thread, if that listens to this thread. */
export function listeningScript(): string | undefined {
  const script = isMainThread ? undefined : getEnvironmentData(LISTENING)
  return typeof script === 'string' ? script : undefined
}

/** Tells the main thread. What cannot be sent to another thread is told to have been dropped. */
export function relayToMainThread(): ServiceRecorder {
  const channel = new BroadcastChannel(CHANNEL)
  channel.unref()
  const tell =
    (method: keyof ServiceRecorder) =>
    (...args: readonly unknown[]): void => {
      try {
        channel.postMessage({ method, args } satisfies Told)
      } catch {
        channel.postMessage({ method: 'dropped', args: [`what a worker thread saw (${method})`] } satisfies Told)
      }
    }
  return {
    attempt: tell('attempt'),
    batch: tell('batch'),
    apiCall: tell('apiCall'),
    account: tell('account'),
    queues: tell('queues'),
    httpRequest: tell('httpRequest'),
    dependency: tell('dependency'),
    phase: tell('phase'),
    dropped: tell('dropped'),
  }
}
