export type Tone = 'plain' | 'good' | 'warning' | 'bad'

/** One line of what happened. */
export interface FeedEntry {
  /** Epoch milliseconds. */
  readonly at: number
  /** Where it was said: the last word of a channel's name, or a part of the demo. */
  readonly source: string
  readonly text: string
  readonly tone: Tone
  /** How often in a row it was said. */
  readonly times: number
  /** Says the same as an entry of the same source with the same topic; it then takes that one's place. */
  readonly topic?: string | undefined
}

const KEPT = 200

/** Adds an entry. Periodic messages don't push out what is worth reading: one with the topic of its source's last entry replaces that. */
export function addToFeed(feed: readonly FeedEntry[], entry: Omit<FeedEntry, 'times'>): readonly FeedEntry[] {
  const last = feed.findLast(({ source }) => source === entry.source)
  const repeats = entry.topic !== undefined && last?.topic === entry.topic
  const kept = repeats ? feed.filter((other) => other !== last) : feed
  return [...kept, { ...entry, times: repeats ? last.times + 1 : 1 }].slice(-KEPT)
}
