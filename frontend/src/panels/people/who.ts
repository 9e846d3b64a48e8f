// Who somebody on the cards is, and how to find their processes.
import type { GpuUser } from '../../lib/api/api';
import '../../lib/i18n/en/people';
import { t } from '../../lib/i18n/index.svelte';
import { present } from '../../lib/model/reading';
import { termFor } from '../../lib/table-filter';
import { visible } from '../../lib/table-format';

/** The name, else the number, else that it is not known. */
export function whoText({ user, user_id: id }: GpuUser): string {
  const name = present(user);
  if (name !== null) return visible(name);
  const number = present(id);
  return number === null ? t('people.unknown') : t('people.number', { id: number });
}

/** What the filter of the processes must be to find them; null where it has no way to say it. */
export function filterFor({ user }: GpuUser): string | null {
  const name = present(user);
  return name === null ? null : termFor('user', name);
}
