// What users are called where there is more than one host, and where their pages are.
import type { CardUser, HostRow } from '../../lib/api/api';
import '../../lib/i18n/en/board';
import { t } from '../../lib/i18n/index.svelte';
import type { Holding, Person } from '../../lib/model/people';
import { present } from '../../lib/model/reading';
import { href } from '../../lib/router.svelte';
import { visible } from '../../lib/table-format';
import { nameOf } from '../hosts/words';

/** A number is a user of its host only. */
export function userName({ user, user_id }: CardUser, row: HostRow): string {
  const name = present(user);
  if (name !== null) return visible(name);
  const id = present(user_id);
  return id === null
    ? t('board.unknownOn', { host: nameOf(row) })
    : t('board.numberOn', { id: String(id), host: nameOf(row) });
}

export const holderName = ({ user, card }: Holding): string => userName(user, card.row);

export function personName({ user, holdings }: Person): string {
  const [first] = holdings;
  return first === undefined ? '' : userName(user, first.card.row);
}

/** A name may have anything in it, a slash among it. */
export const personHref = (id: string): string => href(`users/${encodeURIComponent(id)}`);
