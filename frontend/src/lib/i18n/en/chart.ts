// English texts of charts.
import { addTexts } from '../index.svelte';

export const chart = addTexts({
  'chart.resolution': '1 pt = {interval}',
  'chart.as_table': 'Table',
  'chart.as_table_of': '{title} as a table',
  'chart.time': 'Time',
  'chart.cursor': '{title}: point in time; arrow keys move',
  'chart.no_data': 'No readings yet',
  'chart.no_reading': 'no reading',
  'chart.failed': 'The chart could not be loaded. The table shows the same numbers.',
  'chart.trend': '{title}: lowest {low}, highest {high}, now {now}',
  'chart.cores': 'Processors',
  'chart.core_reading': 'CPU {id}: {value}',
  'chart.cores_summary':
    '{count} processors: {busy} at 75 % or more, {idle} under 5 %; busiest CPU {id} at {value}',
  'chart.cores_hint': 'Point at a cell, or move with the arrow keys',
  'chart.cores_table': 'Numbers',
});
