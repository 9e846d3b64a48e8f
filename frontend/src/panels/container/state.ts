// How a container is, in words and as a mark.
import type { Container, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/container';
import { t, tn } from '../../lib/i18n/index.svelte';
import { part, present } from '../../lib/model/reading';
import type { Mark } from '../../ui/StatusDot.svelte';
import { killsNow } from './rows';

/** What it does, or how it does where it is checked: `running`, `unhealthy · restarted 3 times`, `paused`. */
export function stateText({ state, health, restarts }: Container): Reading<string> {
  return part(state, (doing) => {
    const [checked, again] = [present(health), present(restarts) ?? 0];
    const words = doing === 'running' && checked !== null ? null : t(`container.state_${doing}`);
    return [
      ...(words === null ? [] : [words]),
      ...(checked === null ? [] : [t(`container.health_${checked}`)]),
      ...(again > 0 ? [tn('container.restarted', again)] : []),
    ].join(' · ');
  });
}

export function stateMark({ state, health }: Container): Mark | null {
  const doing = present(state);
  if (present(health) === 'unhealthy') return 'down';
  switch (doing) {
    case null:
      return null;
    case 'running':
      return 'up';
    case 'paused':
      return 'paused';
    case 'restarting':
    case 'ended':
      return 'trouble';
    default:
      return 'wait';
  }
}

/** What somebody should look at, for the mark before the name; null if all is well. */
export function trouble(row: Container): { mark: Mark; words: string } | null {
  if (killsNow(row)) return { mark: 'down', words: t('container.killedNow') };
  const mark = stateMark(row);
  const words = present(stateText(row));
  if (mark === null || words === null || mark === 'up' || mark === 'wait') return null;
  return { mark, words };
}
