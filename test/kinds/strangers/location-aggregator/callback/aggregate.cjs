'use strict'

/** `callback(error, { counts, lagMs })`; reports that were seen before are known by their keys in Redis. */
exports.aggregate = function aggregate(redis, reports, callback) {
  const counts = { merged: 0, duplicate: 0, implausible: 0 }
  const receivedAt = Math.max(...reports.map((report) => report.receivedAt))

  function take(index) {
    const report = reports[index]
    if (!report) return callback(null, { counts, lagMs: Date.now() - receivedAt })
    if (report.tracker === 'refused') return callback({ code: 'conflict' })
    redis.sadd('seen', report.id, (error, added) => {
      if (error) return callback(error)
      counts[!added ? 'duplicate' : report.speed > 300 ? 'implausible' : 'merged']++
      take(index + 1)
    })
  }

  take(0)
}
