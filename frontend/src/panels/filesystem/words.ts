// Words for a filesystem.
import type { Filesystem } from '../../lib/api/api';
import '../../lib/i18n/en/filesystem';
import { t } from '../../lib/i18n/index.svelte';
import { age } from '../../lib/model/time.svelte';
import { visible } from '../../lib/table-format';
import type { FilesystemState } from './rows';

/** The shortest of its mount points; what is mounted where none is known. */
export const placeOf = (row: Filesystem): string => visible(row.mount_points[0] ?? row.device);

/** Mount points beyond the first. */
export const morePlaces = (row: Filesystem): number =>
  Math.max(0, row.mount_points.length - 1) + row.more_mount_points;

/** Without the age of its values. */
export const shortState = (state: FilesystemState): string =>
  state.kind === 'stuck' ? t('filesystem.stuck', { age: age(state.sinceMs) }) : stateWords(state);

export function stateWords(state: FilesystemState): string {
  switch (state.kind) {
    case 'answering':
      return t('filesystem.answers');
    case 'troubled':
      return t(`reason.${state.reason}`);
    case 'stuck':
      return state.ageMs === null
        ? shortState(state)
        : `${shortState(state)} · ${t('filesystem.lastValues', { age: age(state.ageMs) })}`;
  }
}
