// What can be said of a card beyond its plain values.
import type { Gpu, GpuMemory, GpuProcess, Gpus, GpuPcie, Reading } from '../../lib/api/api';
import '../../lib/i18n/en/gpu';
import { t } from '../../lib/i18n/index.svelte';
import { stateKey } from '../../lib/model/gpu-state';
import { celsius, watts } from '../../lib/model/physical';
import { absence, part, present } from '../../lib/model/reading';
import { levelOf, type Level, type Limits } from '../../lib/model/thresholds.svelte';
import { age } from '../../lib/model/time.svelte';
import { bytes, bytesOf } from '../../lib/model/units';
import { visible } from '../../lib/table-format';

/** `A100-SXM4-80GB`: everybody knows who makes them. */
export const modelName = (name: string): string => visible(name.replace(/^NVIDIA /, ''));

/** `in use for 3 h`, or the word alone while it is not known since when. */
export function stateWords(card: Gpu, now: number): string {
  const state = t(stateKey(card.state));
  const since = present(card.state_since_ms);
  return since === null ? state : t('gpu.stateFor', { state, age: age(now - since) });
}

/** How long a card that is not free has computed nothing; null where it does, or it is not known. */
export function idleWords(card: Gpu, now: number): string | null {
  const since = present(card.idle_since_ms);
  if (since === null || card.state === 'free' || card.state === 'fault') return null;
  return t('gpu.idleFor', { age: age(now - since) });
}

/** So close to where the card slows down is high, and critical. */
const HIGH_KELVIN = 10;
const CRITICAL_KELVIN = 3;

/** By the card's own limit; without one there is nothing to judge by, and no colour. */
export function heatLimits(card: Gpu): Limits | null {
  const limit = present(card.temperature.slowdown_celsius);
  return limit === null ? null : { warn: limit - HIGH_KELVIN, crit: limit - CRITICAL_KELVIN };
}

export function heatLevel(card: Gpu): Level {
  const limits = heatLimits(card);
  return limits === null ? 'normal' : levelOf(present(card.temperature.gpu_celsius), limits);
}

export function heatTitle(card: Gpu): string | undefined {
  const limit = present(card.temperature.slowdown_celsius);
  return limit === null ? undefined : t('gpu.slowsAt', { celsius: celsius(limit) });
}

/** `297 / 350 W`; the draw alone where the limit is not known. */
export function powerText(card: Gpu): Reading<string> {
  return part(card.power.draw_watts, (draw) => {
    const limit = present(card.power.limit_watts);
    if (limit === null) return watts(draw);
    return `${watts(draw).replace(/\u00a0W$/, '')}\u00a0/\u00a0${watts(limit)}`;
  });
}

/** `21.1 / 80.0 GiB`; what is used alone where there is no whole. */
export function memoryText({ total_bytes }: GpuMemory, used: number): string {
  const total = present(total_bytes);
  return total === null ? bytes(used) : bytesOf(used, total);
}

/** `4.0 ×16`: generation and lanes. */
export const linkText = (generation: Reading<number>, width: Reading<number>): Reading<string> =>
  part(generation, (first) => part(width, (lanes) => `${String(first)}.0\u00a0×${String(lanes)}`));

export const linkNow = ({ generation, width }: GpuPcie): Reading<string> => linkText(generation, width);
export const linkMost = ({ most_generation, most_width }: GpuPcie): Reading<string> =>
  linkText(most_generation, most_width);

export const processesOf = ({ processes }: Gpus, card: Gpu): readonly GpuProcess[] =>
  processes.filter(({ gpu }) => gpu === card.index);

/** Whose a process is: a name, a number where there is no name, or plainly unknown. */
export function ownerText({ user, user_id }: Pick<GpuProcess, 'user' | 'user_id'>): string {
  const name = present(user);
  if (name !== null) return visible(name);
  const id = present(user_id);
  if (id !== null) return t('gpu.userNumber', { id: String(id) });
  return absence(user) === 'hidden' ? t('gpu.processesHidden') : t('gpu.unknownUser');
}

/** Most lines that the overview has. */
export const CARD_LINES = 16;

const trouble = ({ health, state }: Gpu): number =>
  state === 'fault' || health.severity === 'critical' ? 0 : health.severity === 'warning' ? 1 : 2;

/** Those that fit, in their order: of very many those with trouble first. */
export function importantCards(cards: readonly Gpu[], most: number): readonly Gpu[] {
  if (cards.length <= most) return cards;
  const chosen = new Set(
    [...cards].sort((a, b) => trouble(a) - trouble(b) || a.index - b.index).slice(0, most),
  );
  return cards.filter((card) => chosen.has(card));
}

/** What to write before a program to have it run on these cards. */
export const visibleDevices = (ids: readonly (string | number)[]): string =>
  `CUDA_VISIBLE_DEVICES=${ids.join(',')}`;

/**
 * What can be had now, as CUDA takes it: whole cards by number; where there is none, a slice of a divided
 * one, of which a program can have a single one, and never together with cards.
 */
export function freeDevices(cards: readonly Gpu[]): readonly (string | number)[] {
  const whole = cards.filter(({ state, slices }) => state === 'free' && slices.length === 0);
  if (whole.length > 0) return whole.map(({ index }) => index);
  const slices = cards
    .filter(({ state }) => state !== 'fault' && state !== 'unknown')
    .flatMap((card) => card.slices.filter((slice) => slice.state === 'free'));
  return slices.flatMap(({ uuid }) => present(uuid) ?? []).slice(0, 1);
}
