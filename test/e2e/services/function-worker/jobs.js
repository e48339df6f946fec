/** The work itself: thumbnails are made, letters are delivered. */

class JobError extends Error {
  constructor(code, message) {
    super(message)
    this.name = 'JobError'
    this.code = code
  }
}

/** Rejects for what is no picture. */
export async function resize({ picture, width }) {
  await Promise.resolve()
  if (!picture) throw new JobError('empty_body', 'there is no picture')
  return { picture: `${picture}@${width}`, bytes: picture.length * width }
}

/** A letter to nowhere is not an error: it comes back. */
export const deliver = async ({ to }) => {
  await Promise.resolve()
  return to ? { delivered: true, copies: to.split(',').length } : { delivered: false, reason: '541' }
}

/** Throws for a kind of job that there is not. */
export function handlerOf(kind) {
  if (kind === 'resize') return resize
  if (kind === 'deliver') return deliver
  throw new JobError('unknown_kind', `there is no job called ${kind}`)
}
