// Where a process on a card belongs, in words: container, pod, job, service, session, or the machine.
import type { Place } from '../../lib/api/api';
import '../../lib/i18n/en/gpu';
import { t } from '../../lib/i18n/index.svelte';
import { visible } from '../../lib/table-format';
import { refName, type ContainerNames } from '../container/names';

/** The words for a place, the narrowest first. */
export function placeWords(place: Place, names: ContainerNames): string {
  const { container, pod, slurm_job: job, unit, session } = place;
  const parts = [
    job === undefined ? null : t('gpu.slurm', { n: visible(job) }),
    container === undefined ? null : refName(container, names),
    pod === undefined ? null : t('gpu.pod', { id: visible(pod.slice(0, 8)) }),
  ].filter((part) => part !== null);
  if (parts.length > 0) return parts.join(' · ');
  if (unit !== undefined) return visible(unit);
  return session === undefined ? t('gpu.host') : t('gpu.session', { n: visible(session) });
}

/** What processes of one place share. */
export function placeKey({ container, pod, slurm_job: job, unit, session }: Place): string {
  if (container !== undefined) return `container ${container.key}`;
  return JSON.stringify([pod, job, unit, session].map((part) => part ?? ''));
}
