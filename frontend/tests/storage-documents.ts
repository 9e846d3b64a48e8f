// Sections about storage as a server sends them.
import type { Disk, Disks, Filesystem, Filesystems, RaidArray, ZfsPool } from '../src/lib/api/api';
import { NOW } from './documents';

export const TIB = 1024 ** 4;
const absent = { absent: 'not_supported' as const };

/** A filesystem of one TiB that is so full. */
export function filesystem(
  place: string,
  usedPercent: number,
  changes: Partial<Filesystem> = {},
): Filesystem {
  const used = (TIB * usedPercent) / 100;
  return {
    key: place,
    device: '/dev/sda2',
    filesystem_type: 'ext4',
    role: 'other',
    medium: 'local',
    mount_points: [place],
    more_mount_points: 0,
    read_only: false,
    space: { total_bytes: TIB, used_bytes: used, available_bytes: TIB - used, used_percent: usedPercent },
    inodes: { total: 1000, used: 40, free: 960, used_percent: 4 },
    taken_at_ms: NOW,
    problem: null,
    ...changes,
  };
}

export const stuck = (place: string, usedPercent = 71): Filesystem =>
  filesystem(place, usedPercent, {
    filesystem_type: 'nfs4',
    medium: 'network',
    device: 'nas:/export',
    taken_at_ms: NOW - 8 * 60_000,
    problem: { reason: 'not_responding', since_ms: NOW - 7 * 60_000 },
  });

export const forbidden = (place: string): Filesystem =>
  filesystem(place, 0, {
    space: { absent: 'permission_denied' },
    inodes: { absent: 'permission_denied' },
    problem: { reason: 'permission_denied', since_ms: NOW },
  });

export const filesystems = (...rows: Filesystem[]): Filesystems => ({ rows, left_out: 0 });

export function disk(name: string, changes: Partial<Disk> = {}): Disk {
  return {
    key: name,
    name,
    kind: 'disk',
    model: 'SAMSUNG MZQL2',
    rotational: false,
    size_bytes: TIB,
    read_bytes_total: 5 * TIB,
    written_bytes_total: 2 * TIB,
    reads_total: 1000,
    writes_total: 2000,
    read_seconds_total: 1,
    write_seconds_total: 1,
    busy_seconds_total: 1,
    activity: {
      read_bytes_per_second: 571e6,
      written_bytes_per_second: 0,
      reads_per_second: 4355,
      writes_per_second: 0,
      read_latency_seconds: 0.0002,
      write_latency_seconds: { absent: 'measuring' },
      busy_percent: 21,
      queue_length: 1.1,
    },
    ...changes,
  };
}

export const disks = (...rows: Disk[]): Disks => ({
  rows,
  left_out: 0,
  read_bytes_per_second: 571e6,
  written_bytes_per_second: 0,
  pressure: {
    some: { average_10s_percent: 1.1, average_60s_percent: 0.5, average_300s_percent: 5, total_seconds: 1 },
    full: absent,
  },
});

export const array = (key: string, changes: Partial<RaidArray> = {}): RaidArray => ({
  key,
  level: 'raid1',
  state: 'clean',
  size_bytes: TIB,
  devices_wanted: 2,
  devices_working: 2,
  members: [
    { device: 'sda1', state: 'active' },
    { device: 'sdb1', state: 'active' },
  ],
  action: null,
  ...changes,
});

export const pool = (key: string, changes: Partial<ZfsPool> = {}): ZfsPool => ({
  key,
  state: 'online',
  space: { total_bytes: 4 * TIB, used_bytes: 2 * TIB, available_bytes: 2 * TIB, used_percent: 50 },
  read_bytes_per_second: 1e6,
  written_bytes_per_second: { absent: 'measuring' },
  ...changes,
});
