// What columns of containers are made of: how each kind of value sorts, reads, and is missing.
import type { Container, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/container';
import { t } from '../../lib/i18n/index.svelte';
import { absence, part, present } from '../../lib/model/reading';
import { bytes, bytesOf } from '../../lib/model/units';
import type { Column } from '../../lib/table';
import { reading } from '../../lib/table-columns';
import { bitRate } from '../network/interfaces';
import type { ContainerRow, GpuUse } from './rows';

type Get<T> = (container: Container) => Reading<T>;
export type Parts = Pick<Column<ContainerRow>, 'sort' | 'text' | 'absent' | 'nothing'>;

export const of = <T extends number | string>(get: Get<T>, write: (value: T) => string): Parts =>
  reading((row: ContainerRow) => get(row.container), write);

/**
 * What only an engine tells. That none is asked is no failure: it is said in other words, and so is what
 * `without` means where the container has nothing of the kind.
 */
export function told<T extends number | string>(
  get: Get<T>,
  write: (value: T) => string,
  without?: () => string,
): Parts {
  const whole = of(get, write);
  const words = ({ container }: ContainerRow): string | null => {
    const reason = absence(get(container));
    if (reason === 'not_collected') return t('container.onlyEngine');
    return reason === 'not_supported' && without !== undefined ? without() : null;
  };
  return {
    ...whole,
    absent: (row) => (words(row) === null ? (whole.absent?.(row) ?? null) : null),
    nothing: words,
  };
}

/** A limit that is not set is no missing value. */
export function limit(get: Get<number | null>, write: (value: number) => string): Parts {
  const value = ({ container }: ContainerRow) => present(get(container));
  const none = (row: ContainerRow) => absence(get(row.container)) === null && value(row) === null;
  return {
    sort: value,
    text: (row) => {
      const most = value(row);
      return most === null ? '' : write(most);
    },
    absent: ({ container }) => absence(get(container)),
    nothing: (row) => (none(row) ? t('container.noLimit') : null),
  };
}

/** A figure with the most that it may be behind a stroke, where there is such. */
export function within(
  get: Get<number>,
  most: Get<number | null>,
  write: (value: number) => string,
  writeMost = write,
): Parts {
  const whole = of(get, write);
  return {
    ...whole,
    text: (row) => {
      const top = present(most(row.container));
      return top === null ? whole.text(row) : `${whole.text(row)} / ${writeMost(top)}`;
    },
  };
}

/** `1.2 / 4.0 GiB`; the amount alone where there is no limit. */
export function memoryText({ memory_bytes: used, memory_limit_bytes: most }: Container): string {
  const [now, top] = [present(used), present(most)];
  if (now === null) return '';
  return top === null ? bytes(now) : bytesOf(now, top);
}

/** A container that shares the network of the machine has no traffic of its own. */
export function traffic(get: Get<number>): Parts {
  const whole = of(get, bitRate);
  const shares = ({ container }: ContainerRow) => present(container.shares_network) === true;
  return {
    sort: (row) => (shares(row) ? null : whole.sort(row)),
    text: whole.text,
    absent: (row) => (shares(row) ? null : (whole.absent?.(row) ?? null)),
    nothing: (row) => (shares(row) ? t('container.sharesNetwork') : null),
  };
}

/** What its processes do on cards; that there are none is no missing value. */
export function onGpus(get: (use: GpuUse) => Reading<number>, write: (use: GpuUse) => string): Parts {
  const value = ({ gpu }: ContainerRow) => part(gpu, (use): Reading<number> => (use ? get(use) : 0));
  const none = ({ gpu }: ContainerRow) => absence(gpu) === null && present(gpu) === null;
  return {
    sort: (row) => (none(row) ? null : present(value(row))),
    text: ({ gpu }) => {
      const use = present(gpu);
      return use === null ? '' : write(use);
    },
    absent: (row) => absence(value(row)),
    nothing: (row) => (none(row) ? t('container.noGpu') : null),
  };
}
