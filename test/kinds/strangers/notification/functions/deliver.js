/** What the gateway says of one try. */
async function post(gateway, { channel, id }) {
  const response = await fetch(new URL(`${channel}/${id}`, `${gateway}/`), { method: 'POST' })
  return { status: response.status, ...(await response.json()) }
}

export async function deliver(context, notification) {
  const { status, receipt, reason } = await post(context.gateway, notification)
  context.count('calls', status < 300 ? 'ok' : status)
  if (status < 300) return { is: receipt ?? 'sent', because: reason, notification }
  const tries = (notification.tries ?? 0) + 1
  const ends = tries === 3
  const letter = await (ends ? bury : putOff)(context, { ...notification, tries, because: status })
  return ends ? { is: 'failed', because: status, notification: letter } : { is: 'put off' }
}

export const putOff = async ({ redis, count }, notification) => {
  count('retries', `${notification.channel} ${notification.because}`)
  await redis.rPush('outbox', JSON.stringify(notification))
  return notification
}

export const bury = async ({ redis, count }, notification) => {
  count('deadLetters', `${notification.channel} ${notification.because}`)
  await redis.rPush('dead', JSON.stringify(notification))
  return notification
}
