import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { ClientRequest } from 'node:http'
import { Redis } from 'ioredis'
import type { DiscreteClock } from '../simulators/discrete-clock.ts'

/** Taken off the prototype, to be called on whatever client it is. */
interface Methods {
  readonly sendCommand: (this: Redis, ...args: Parameters<Redis['sendCommand']>) => unknown
  readonly connect: (this: Redis, ...args: Parameters<Redis['connect']>) => Promise<void>
}

/**
 * From now on virtual time stands still while anything in this process waits for Redis or for a request of node:http, the monitors' own
 * connections and exports included. `fetch` becomes the one that is given, in which time passes as it may. For the rest of the process.
 */
export function holdTime(clock: DiscreteClock, fetchInTime: typeof fetch): void {
  const hold = (exchange: Promise<unknown>): void => void clock.busy(exchange).catch(() => {})

  const { sendCommand, connect } = Redis.prototype as unknown as Methods
  Redis.prototype.sendCommand = function (command, stream) {
    hold(command.promise)
    return sendCommand.call(this, command, stream)
  }
  Redis.prototype.connect = function (callback) {
    const connected = connect.call(this, callback)
    hold(connected)
    return connected
  }
  globalThis.fetch = fetchInTime
  subscribe('http.client.request.start', (message) => hold(once((message as { request: ClientRequest }).request, 'close')))
}
