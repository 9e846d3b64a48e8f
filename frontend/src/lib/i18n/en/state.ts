// Words for states: of a host, of a panel's data, of a level.
export const state = {
  'state.up': 'up',
  'state.staleFor': 'stale {age}',
  'state.unknown': 'unknown',
  'state.gone': 'no longer monitored',

  'level.high': 'high',
  'level.critical': 'critical',
  'level.tick': 'high from {warn}, critical from {crit}',

  'data.stuck': 'stuck for {age}',
  'data.lastValue': 'last value {age} old',
  'data.trouble': 'last run failed',
  'data.loading': 'Loading…',
} as const;
