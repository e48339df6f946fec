const seen = new Map()

/** Sorts reports into those that are kept and those that are not, and says which. Resolves when all is stored. */
export async function merge(reports, store) {
  const kept = []
  const twice = []
  const absurd = []
  for (const report of reports) {
    if (seen.has(report.id)) twice.push(report.id)
    else if (report.speed > 300) absurd.push(report.id)
    else kept.push(report)
    seen.set(report.id, report.at)
  }
  await store(kept)
  return { kept, twice, absurd, behind: Date.now() - Math.max(...reports.map((report) => report.receivedAt)) }
}
