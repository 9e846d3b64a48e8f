// How a column of containers is written down.
import type { Column, PlainKey } from '../../lib/table';
import { LARGEST_FIRST } from '../../lib/table-columns';
import type { Parts } from './parts';
import type { ContainerRow } from './rows';

export type ContainerColumn = Column<ContainerRow>;

export const text = (id: string, label: PlainKey, width: number, parts: Parts): ContainerColumn => ({
  id,
  label,
  width,
  ...parts,
});

export const figure = (
  id: string,
  label: PlainKey,
  width: number,
  parts: Parts,
  hint?: PlainKey,
): ContainerColumn => ({
  id,
  label,
  width,
  ...LARGEST_FIRST,
  ...parts,
  ...(hint === undefined ? {} : { hint }),
});

export const optional = (column: ContainerColumn): ContainerColumn => ({ ...column, optional: true });
export const essential = (column: ContainerColumn, narrowWidth: number): ContainerColumn => ({
  ...column,
  narrowWidth,
  essential: true,
});
