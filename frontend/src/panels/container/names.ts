// What containers are called.
import type { Container, ContainerRef, Containers, Reading } from '../../lib/api/api';
import { present } from '../../lib/model/reading';
import { visible } from '../../lib/table-format';

/** Names of containers by their key, as far as they are known. */
export type ContainerNames = ReadonlyMap<string, string>;

export function containerNames(containers: Reading<Containers>): ContainerNames {
  const names = new Map<string, string>();
  for (const { key, name } of present(containers)?.rows ?? []) {
    const known = present(name);
    if (known !== null) names.set(key, known);
  }
  return names;
}

/** Of a container that somebody refers to. */
export const refName = ({ key, short }: ContainerRef, names: ContainerNames): string =>
  visible(names.get(key) ?? short);

export const containerName = ({ name, short }: Container): string => visible(present(name) ?? short);
