import type { Redis } from 'ioredis'
import type { DiscreteClock } from './discrete-clock.ts'

/** A fetch for a DiscreteClock: real exchanges over `send` while time stands still, then the latency that the simulator stated passes. */
export function discreteFetch(clock: DiscreteClock, send: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    const { response, body } = await clock.busy(exchange(send, input, init))
    await clock.sleep(Number(response.headers.get('x-sim-latency-ms') ?? 0), init?.signal ?? undefined)
    init?.signal?.throwIfAborted()
    return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers })
  }
}

async function exchange(
  send: typeof fetch,
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<{ response: Response; body: string | null }> {
  const response = await send(input, init)
  const body = await response.text()
  // A Response must not be given a body, not even an empty one, with these.
  return { response, body: response.status === 204 || response.status === 304 ? null : body }
}

/** Time stands still while a command of this client is open. */
export function discreteRedis(clock: DiscreteClock, redis: Redis): Redis {
  const send = redis.sendCommand.bind(redis)
  redis.sendCommand = (command, stream) => {
    clock.busy(command.promise).catch(() => {})
    return send(command, stream)
  }
  return redis
}
