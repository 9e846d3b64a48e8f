// Tables: their tools, and what stands in them where there is nothing.
import { addTexts } from '../index.svelte';

export const table = addTexts({
  'table.filter': 'Filter',
  'table.clear_filter': 'Clear filter',
  'table.none_match': 'Nothing matches “{query}”.',
  'table.empty': 'Nothing here.',
  'table.loading': 'Loading…',
  'table.shown': '{shown} of {total}',
  'table.shown_long': '{shown} of {total} rows shown',
  'table.paused': 'Sorting paused',
  'table.paused_hint':
    'Values keep updating; rows stay where they are while the pointer or the keyboard focus is on the table.',
  'table.columns': 'Columns',
  'table.columns_default': 'Default columns',
  'table.export': 'CSV',
  'table.export_hint': 'Download what is shown as a CSV file',
  'table.copy': 'Copy {what}',
  'table.copied': 'Copied',
  'table.copyFailed': 'Selected: press Ctrl+C',
  'table.absent': 'No reading: {reason}',
  'table.row_gone': 'no longer there',
});
