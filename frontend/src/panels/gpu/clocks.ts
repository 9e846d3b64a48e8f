// Clocks and energy of a card, in words.
import type { Gpu, GpuClock, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/gpu-details';
import { t } from '../../lib/i18n/index.svelte';
import { part, present } from '../../lib/model/reading';
import { count, decimal } from '../../lib/model/units';
import { throttleWords } from './findings';

/** Clocks of cards are told in MHz, also by everybody else. */
const megahertz = (hertz: number): string => count(hertz / 1e6);

/** `1,410 of 1,980 MHz`; what it runs at alone where the most is not known. */
export function clockText({ now_hertz, most_hertz }: GpuClock): Reading<string> {
  return part(now_hertz, (now) => {
    const most = present(most_hertz);
    const own = megahertz(now);
    const text = most === null ? own : t('gpus.clockOf', { now: own, most: megahertz(most) });
    return `${text}\u00a0MHz`;
  });
}

/** What holds the clocks back now. */
export const throttleText = (card: Gpu): Reading<string> =>
  part(card.throttle, (reasons) => reasons.map(throttleWords).join(', ') || t('gpus.notThrottled'));

/** `12.4 kWh`: what is paid for is told in kilowatt-hours. */
export const energyText = (joules: number): string => {
  const hours = joules / 3.6e6;
  return `${decimal(hours, hours < 100 ? 1 : 0)}\u00a0kWh`;
};
