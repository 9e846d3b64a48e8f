// What can be said of an interface beyond its plain values.
import type { Interface, LinkState, Network, Reading, Traffic } from '../../lib/api/api';
import '../../lib/i18n/en/network';
import { t } from '../../lib/i18n/index.svelte';
import { many } from '../../lib/model/physical';
import { part, present } from '../../lib/model/reading';
import { bitsPerSecond, decimal } from '../../lib/model/units';
import type { Mark } from '../../ui/StatusDot.svelte';

/** Rates of traffic are kept in bytes and shown in bits, as links are. */
export const bitRate = (bytesPerSecond: number): string => bitsPerSecond(bytesPerSecond * 8);

/** A rate of events: whole where there are many. */
export const perSecond = (rate: number): string =>
  t('network.perSecond', { n: rate > 0 && rate < 99.95 ? decimal(rate, 1) : many(rate) });

/** A link that is down is no trouble by itself: machines have more sockets than cables. */
export const linkMark = (state: LinkState): Mark =>
  state === 'up' ? 'up' : state === 'testing' ? 'trouble' : 'wait';

/** What happens to packets that do not arrive. */
export type Loss = 'errors' | 'dropped';

/** Packets lost in both directions together, since the interface appeared. */
export const lost = ({ received, sent }: Interface, kind: Loss): number =>
  received[`${kind}_total`] + sent[`${kind}_total`];

/** The same per second, now. */
export function lostNow({ received, sent }: Interface, kind: Loss): Reading<number> {
  const rate = (traffic: Traffic) => traffic[`${kind}_per_second`];
  return part(rate(received), (first) => part(rate(sent), (second) => first + second));
}

/** `12`, and `12 · 0.3/s` while it goes on. */
export function lostText(row: Interface, kind: Loss): string {
  const rate = present(lostNow(row, kind)) ?? 0;
  const total = many(lost(row, kind));
  return rate > 0 ? `${total} · ${perSecond(rate)}` : total;
}

/** Whether packets of it are lost just now. */
export const isLosing = (row: Interface): boolean =>
  (present(lostNow(row, 'errors')) ?? 0) + (present(lostNow(row, 'dropped')) ?? 0) > 0;

/** Whether a device, such as one below a bond, ever lost packets. */
export const hasLost = (row: Interface): boolean =>
  ['card', 'wireless', 'infiniband'].includes(row.kind) && lost(row, 'errors') + lost(row, 'dropped') > 0;

/** Speed of a link, and `half duplex` where only one side can send at a time. */
export function speedText(row: Interface): string {
  const speed = present(row.speed_bits_per_second);
  if (speed === null) return '';
  const half = present(row.full_duplex) === false;
  return half ? `${bitsPerSecond(speed)} ${t('network.half')}` : bitsPerSecond(speed);
}

export const addressTexts = (row: Interface): Reading<string[]> =>
  part(row.addresses, (all) => all.map((each) => `${each.address}/${String(each.prefix_length)}`));

/** Those that carry traffic to others, or all where there is no such one. */
export function mainInterfaces({ interfaces }: Network): readonly Interface[] {
  const real = interfaces.filter((row) => row.real);
  return real.length > 0 ? real : interfaces;
}
