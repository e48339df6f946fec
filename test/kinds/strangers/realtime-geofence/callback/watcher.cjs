'use strict'

const HOUR = 3_600_000

/** One that calls back, and keeps what it knows in Redis: `callback(error, events)`, where an event is `[transition, delayMs]`. */
function Watcher(redis, fences) {
  this.redis = redis
  this.fences = fences
}

Watcher.prototype.holdAgainst = function (report, callback) {
  const { tracker, x, at } = report
  if (x === undefined) return process.nextTick(callback, Object.assign(new Error('no place'), { code: 'bad_report' }))
  this.redis.hget('trackers', tracker, (error, text) => {
    if (error) return callback(error)
    const last = text ? JSON.parse(text) : { at: 0, seen: 0 }
    if (at < last.at) return callback(null, { order: 'out_of_order' })
    const fence = this.fences.find(({ from, to }) => from <= x && x < to)?.name ?? ''
    const seen = fence === (last.fence ?? '') ? last.seen + 1 : 1
    this.redis.hset('trackers', tracker, JSON.stringify({ at, fence, seen }), (lost) => {
      callback(lost, { order: report.receivedAt - at > HOUR ? 'late' : 'in_order', moves: moves(last.fence ?? '', fence, seen) })
    })
  })
}

function moves(from, to, seen) {
  if (from === to) return to && seen === 2 ? ['dwell'] : []
  return [from && 'exit', to && 'enter'].filter(Boolean)
}

function fencesOf(redis, callback) {
  redis.lrange('fences', 0, -1, (error, lines = []) => {
    const fences = lines.map((line) => {
      const [name, from, to] = line.split(':')
      return { name, from: +from, to: +to }
    })
    callback(error, fences)
  })
}

module.exports = { Watcher, fencesOf }
