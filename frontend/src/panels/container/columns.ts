// The columns of the table of containers, in their order.
import { untrack } from 'svelte';
import type { Container } from '../../lib/api/api';
import '../../lib/i18n/en/container';
import { t } from '../../lib/i18n/index.svelte';
import { cardList } from '../../lib/model/cards';
import { part, present } from '../../lib/model/reading';
import { ageNow } from '../../lib/model/time.svelte';
import { bytes, count } from '../../lib/model/units';
import { shortDateTime, visible } from '../../lib/table-format';
import { figure, optional, text, type ContainerColumn } from './column';
import { FIGURES } from './figures';
import { containerName } from './names';
import { runtimeName } from './runtimes';
import { of, onGpus, told } from './parts';
import { stateText } from './state';

const healthWord = ({ health }: Container) => part(health, (how) => t(`container.health_${how}`));

const NAMES: readonly ContainerColumn[] = [
  {
    id: 'name',
    label: 'container.name',
    hint: 'container.nameHint',
    width: 156,
    narrowWidth: 112,
    grow: true,
    essential: true,
    sort: ({ container }) => containerName(container),
    text: ({ container }) => containerName(container),
    csv: ({ container }) => present(container.name) ?? container.short,
  },
  {
    id: 'runtime',
    label: 'container.runtime',
    width: 92,
    optional: true,
    sort: ({ container }) => runtimeName(container.runtime),
    text: ({ container }) => runtimeName(container.runtime),
    csv: ({ container }) => container.runtime,
  },
  {
    ...text('state', 'container.state', 116, told(stateText, String)),
    csv: ({ container }) => present(container.state),
  },
  optional(
    text(
      'image',
      'container.image',
      180,
      told((row) => row.image, visible),
    ),
  ),
  {
    ...text(
      'health',
      'container.health',
      92,
      told(healthWord, String, () => t('container.noCheck')),
    ),
    hint: 'container.healthHint',
    optional: true,
    csv: ({ container }) => present(container.health),
  },
  optional(
    figure(
      'restarts',
      'container.restarts',
      84,
      told((row) => row.restarts, count),
      'container.restartsHint',
    ),
  ),
];

const ON_GPUS: readonly ContainerColumn[] = [
  {
    ...text(
      'gpus',
      'container.gpus',
      60,
      onGpus(
        ({ cards }) => cards.length,
        ({ cards }) => cardList(cards),
      ),
    ),
    hint: 'container.gpusHint',
    narrowWidth: 60,
    essential: true,
    first: 'desc',
    csv: ({ gpu }) => present(gpu)?.cards.join(' ') ?? null,
  },
  figure(
    'gpuMemory',
    'container.gpuMem',
    92,
    onGpus(
      ({ memory }) => memory,
      ({ memory }) => bytes(present(memory) ?? 0),
    ),
  ),
];

const ORIGIN: readonly ContainerColumn[] = [
  {
    id: 'since',
    label: 'container.since',
    width: 64,
    first: 'desc',
    ...of(
      (row) => row.started_at_ms,
      (at) => shortDateTime(at, untrack(ageNow)),
    ),
    csv: ({ container }) => {
      const at = present(container.started_at_ms);
      return at === null ? null : new Date(at).toISOString();
    },
  },
  {
    id: 'pod',
    label: 'container.pod',
    hint: 'container.podHint',
    width: 120,
    optional: true,
    sort: ({ container }) => container.pod,
    text: ({ container }) => visible(container.pod ?? ''),
    nothing: ({ container }) => (container.pod === null ? t('container.noPod') : null),
  },
];

/** Those of cards only on a machine that has some. */
export const containerColumns = (gpus: boolean): readonly ContainerColumn[] => [
  ...NAMES,
  ...FIGURES,
  ...(gpus ? ON_GPUS : []),
  ...ORIGIN,
];
