/** Lua for silences that end with an episode of an alert. */

/**
 * Lua: whether the silence `text` names an episode of an alert, and ends with it (src/overlays/matcher.ts). Within a text of JSON these signs
 * cannot stand: a quotation mark has a backslash before it there.
 */
export function endsWith(text: string, id: string, episode: string): string {
  return `string.find(${text}, '["alert","' .. ${id} .. '"]', 1, true) and string.find(${text}, '["episode","' .. ${episode} .. '"]', 1, true)`
}

/** Lua that takes off a silence that is over with its alert. */
export function takeOffSilence(silences: string, due: string, id: string): string {
  return `
    call('HDEL', ${silences}, ${id})
    call('ZREM', ${due}, 'silence ' .. ${id})`
}
