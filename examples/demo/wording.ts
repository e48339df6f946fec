/** How times and amounts read on the screen. */

/** 18:31:05, local time. */
export function clockTime(epochMs: number): string {
  const date = new Date(epochMs)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

/** 45 s, 2 min 10 s, 3 h 5 min. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** 1,310 ms below ten seconds, then 12.3 s. */
export function milliseconds(ms: number): string {
  return ms < 10_000 ? `${amount(Math.round(ms))} ms` : `${amount(ms / 1000)} s`
}

/** 12,345 or 71.4: at most one decimal, and none from 1,000 on. */
export function amount(value: number): string {
  return value.toLocaleString('en-GB', { maximumFractionDigits: Math.abs(value) < 1000 ? 1 : 0 })
}
