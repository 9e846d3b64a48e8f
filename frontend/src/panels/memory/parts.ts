// How memory divides into the parts of the bar: used, what the kernel gives back on demand, free.
import type { Memory } from '../../lib/api/api';
import '../../lib/i18n/en/host';
import { t } from '../../lib/i18n/index.svelte';
import { present } from '../../lib/model/reading';
import type { Fill, Part } from '../../ui/StackMeter.svelte';

export interface MemoryPart extends Part {
  readonly title: string;
  readonly bytes: number;
}

/** The three add up to the total, also where the kernel does not estimate what is available. */
export function memoryParts(memory: Memory | null): MemoryPart[] {
  if (!memory || memory.total_bytes <= 0) return [];
  const { total_bytes: total, used_bytes: used } = memory;
  const available = present(memory.available_bytes) ?? total - used;
  const free = Math.min(memory.free_bytes, available);
  const of = (label: string, title: string, bytes: number, fill: Fill): MemoryPart => ({
    label,
    title,
    bytes,
    fill,
    percent: (bytes / total) * 100,
  });
  return [
    of(t('memory.used'), t('memory.usedTitle'), used, 'used'),
    of(t('memory.cache'), t('memory.cacheTitle'), available - free, 'cache'),
    of(t('memory.free'), t('memory.freeTitle'), free, 'free'),
  ];
}
