// What a filesystem's row means: how full it is called, whether it answers, which ones matter most.
import type { Filesystem, Percent, Reading, Reason } from '../../lib/api/api';
import { absence, part, present } from '../../lib/model/reading';
import { levelOf, type Level, type Thresholds } from '../../lib/model/thresholds.svelte';
import { LINES } from '../layout';

type DiskLimits = Pick<Thresholds, 'disk' | 'inodes'>;

export type FilesystemState =
  | { readonly kind: 'answering' }
  /** statfs(2) has not returned since; what is shown was read before. */
  | { readonly kind: 'stuck'; readonly sinceMs: number; readonly ageMs: number | null }
  | { readonly kind: 'troubled'; readonly reason: Reason };

/** `now` is the server's time. */
export function stateOf({ problem, space, taken_at_ms }: Filesystem, now: number): FilesystemState {
  if (problem?.reason === 'not_responding') {
    const takenAt = present(taken_at_ms);
    return {
      kind: 'stuck',
      sinceMs: Math.max(0, now - problem.since_ms),
      ageMs: takenAt === null ? null : Math.max(0, now - takenAt),
    };
  }
  const reason = problem?.reason ?? absence(space);
  return reason === null ? { kind: 'answering' } : { kind: 'troubled', reason };
}

export const isOld = (row: Filesystem): boolean => row.problem !== null;

export const usedOf = (row: Filesystem): Reading<Percent> => part(row.space, (space) => space.used_percent);

export const inodesOf = (row: Filesystem): Reading<Percent> =>
  part(row.inodes, (inodes) => inodes.used_percent);

/** Nobody can write to a read-only one: that it is full is no trouble. */
export const spaceLevel = (row: Filesystem, { disk }: DiskLimits): Level =>
  row.read_only ? 'normal' : levelOf(present(usedOf(row)), disk);

export const inodeLevel = (row: Filesystem, { inodes }: DiskLimits): Level =>
  row.read_only ? 'normal' : levelOf(present(inodesOf(row)), inodes);

const ORDER: readonly Level[] = ['normal', 'high', 'critical'];

export const worst = (levels: readonly Level[]): Level =>
  ORDER[Math.max(0, ...levels.map((level) => ORDER.indexOf(level)))] ?? 'normal';

export const levelOfRow = (row: Filesystem, limits: DiskLimits): Level =>
  worst([spaceLevel(row, limits), inodeLevel(row, limits)]);

const ROLES: readonly Filesystem['role'][] = ['system', 'boot', 'other'];
export const rolePlace = (row: Filesystem): number => ROLES.indexOf(row.role);

const MEDIA: readonly Filesystem['medium'][] = ['local', 'network', 'fuse', 'memory'];
export const mediumPlace = (row: Filesystem): number => MEDIA.indexOf(row.medium);

/** When a server is gone, so are all its filesystems: they must not hide the one that fills up. */
const MOST_STUCK = 2;

export const isStuck = (row: Filesystem): boolean => row.problem?.reason === 'not_responding';

/**
 * The system's and boot's first, then some of those that do not answer, then the others, fullest
 * first. What is in memory, or cannot be written to, waits until it is high.
 */
export function important(rows: readonly Filesystem[], limits: DiskLimits): readonly Filesystem[] {
  const fullness = (row: Filesystem) => Math.max(present(usedOf(row)) ?? -1, present(inodesOf(row)) ?? -1);
  const worthwhile = (row: Filesystem) =>
    (row.medium !== 'memory' && !row.read_only) || levelOfRow(row, limits) !== 'normal';
  const own = rows.filter(({ role }) => role !== 'other').sort((a, b) => rolePlace(a) - rolePlace(b));
  const others = rows.filter(({ role }) => role === 'other').sort((a, b) => fullness(b) - fullness(a));
  return [
    ...own,
    ...others.filter(isStuck).slice(0, MOST_STUCK),
    ...others.filter((row) => !isStuck(row) && worthwhile(row)),
  ].slice(0, LINES);
}
