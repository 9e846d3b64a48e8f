// What containers and what made them are called.
import type { Container, ContainerRef, ContainerRuntime, Containers, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/container';
import { t } from '../../lib/i18n/index.svelte';
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

const RUNTIMES: Readonly<Record<Exclude<ContainerRuntime, 'unknown'>, string>> = {
  docker: 'Docker',
  containerd: 'containerd',
  podman: 'Podman',
  crio: 'CRI-O',
  lxc: 'LXC',
  incus: 'Incus',
  apptainer: 'Apptainer',
  nspawn: 'nspawn',
};

/** As its makers write it; names of products are the same in every language. */
export const runtimeName = (runtime: ContainerRuntime): string =>
  runtime === 'unknown' ? t('container.runtimeUnknown') : RUNTIMES[runtime];
