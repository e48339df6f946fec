export default {
  profile: 'location_aggregator',
  methods: [{ module: './merge.js', function: 'merge', records: 'aggregation', result: aggregation }],
  queues: { reports: { key: 'reports', type: 'list' }, refused: { key: 'refused', type: 'list' } },
  rules: { aggregation_lag: { for: 0 }, high_drop_share: { for: 0, plain: true } },
}

/** Lists are as good as numbers. */
function aggregation({ kept, twice, absurd, behind }, [reports]) {
  return { received: reports, merged: kept, duplicates: twice, implausible: absurd, lagMs: behind }
}
