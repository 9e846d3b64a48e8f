// The columns with what the kernel counts of containers.
import '../../lib/i18n/en/container';
import { bytes, bytesPerSecond, count, finePercent, percent } from '../../lib/model/units';
import { share } from '../../lib/table-format';
import { essential, figure, optional, type ContainerColumn } from './column';
import { limit, memoryText, of, traffic, within } from './parts';

export const FIGURES: readonly ContainerColumn[] = [
  essential(
    figure(
      'cpu',
      'container.cpu',
      108,
      within(
        (row) => row.cpu_percent,
        (row) => row.cpu_limit_percent,
        share,
        count,
      ),
      'container.cpuHint',
    ),
    64,
  ),
  optional(
    figure(
      'cpuLimit',
      'container.cpuLimit',
      84,
      limit((row) => row.cpu_limit_percent, count),
      'container.cpuLimitHint',
    ),
  ),
  figure(
    'throttled',
    'container.throttled',
    92,
    of((row) => row.throttled_percent, finePercent),
    'container.throttledHint',
  ),
  essential(
    figure(
      'memory',
      'container.memory',
      168,
      { ...of((row) => row.memory_bytes, bytes), text: ({ container }) => memoryText(container) },
      'container.memoryHint',
    ),
    84,
  ),
  optional(
    figure(
      'memoryLimit',
      'container.memoryLimit',
      104,
      limit((row) => row.memory_limit_bytes, bytes),
    ),
  ),
  optional(
    figure(
      'share',
      'container.share',
      72,
      of((row) => row.memory_percent, percent),
      'container.shareHint',
    ),
  ),
  optional(
    figure(
      'cache',
      'container.cache',
      92,
      of((row) => row.cache_bytes, bytes),
    ),
  ),
  optional(
    figure(
      'swap',
      'container.swap',
      84,
      of((row) => row.swap_bytes, bytes),
    ),
  ),
  figure(
    'received',
    'container.received',
    92,
    traffic((row) => row.received_bytes_per_second),
    'container.receivedHint',
  ),
  figure(
    'sent',
    'container.sent',
    92,
    traffic((row) => row.sent_bytes_per_second),
    'container.sentHint',
  ),
  figure(
    'read',
    'container.read',
    84,
    of((row) => row.read_bytes_per_second, bytesPerSecond),
    'container.readHint',
  ),
  figure(
    'written',
    'container.written',
    84,
    of((row) => row.written_bytes_per_second, bytesPerSecond),
    'container.writtenHint',
  ),
  figure(
    'tasks',
    'container.tasks',
    88,
    within(
      (row) => row.tasks,
      (row) => row.tasks_limit,
      count,
    ),
    'container.tasksHint',
  ),
  optional(
    figure(
      'tasksLimit',
      'container.tasksLimit',
      84,
      limit((row) => row.tasks_limit, count),
    ),
  ),
  optional(
    figure(
      'processes',
      'container.processes',
      84,
      of((row) => row.processes, count),
    ),
  ),
  figure(
    'kills',
    'container.kills',
    98,
    of((row) => row.oom_kills, count),
    'container.killsHint',
  ),
];
