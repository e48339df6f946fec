export default {
  profile: 'location_aggregator',
  methods: [{ module: './aggregate.cjs', function: 'aggregate', callback: true, records: 'aggregation', result: aggregation }],
  queues: { reports: { key: 'reports', type: 'list' }, refused: { key: 'refused', type: 'list' } },
  rules: { aggregation_lag: { for: 0 }, high_drop_share: { for: 0, plain: true } },
}

function aggregation({ counts, lagMs }, [, reports]) {
  const { merged, duplicate: duplicates, implausible } = counts
  return { received: reports.length, merged, duplicates, implausible, lagMs }
}
