// What made a container, by name.
import type { ContainerRuntime } from '../../lib/api/api';
import '../../lib/i18n/en/container';
import { t } from '../../lib/i18n/index.svelte';

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
