// What can be said of a sensor beyond its plain value.
import type { Fan, Temperature } from '../../lib/api/api';
import '../../lib/i18n/en/sensor';
import { t } from '../../lib/i18n/index.svelte';
import { celsius, revolutions } from '../../lib/model/physical';
import { present } from '../../lib/model/reading';
import { levelOf, type Level, type Limits } from '../../lib/model/thresholds.svelte';

/** So close to where the hardware protects itself is high, and critical. */
const HIGH_KELVIN = 10;
const CRITICAL_KELVIN = 3;

/**
 * When a temperature is high and critical, by the sensor's own limits: a device knows best what it
 * bears. A limit of its own for "too warm" counts where it leaves room for a warning; without any
 * limit there is nothing to judge by, and no colour.
 */
export function limitsOf(row: Temperature): Limits | null {
  const high = present(row.high_celsius);
  const critical = present(row.critical_celsius);
  if (critical === null) return high === null ? null : { warn: high, crit: Infinity };
  const crit = critical - CRITICAL_KELVIN;
  return { warn: high !== null && high < crit ? high : critical - HIGH_KELVIN, crit };
}

export function temperatureLevel(row: Temperature): Level {
  const limits = limitsOf(row);
  return limits === null ? 'normal' : levelOf(present(row.celsius), limits);
}

/** What a full bar stands for. */
export const scaleOf = (row: Temperature): number | null =>
  present(row.critical_celsius) ?? present(row.high_celsius);

export function limitsText(row: Temperature): string {
  const high = present(row.high_celsius);
  const critical = present(row.critical_celsius);
  if (high !== null && critical !== null)
    return t('sensor.limits', { high: celsius(high), critical: celsius(critical) });
  if (critical !== null) return t('sensor.limitCritical', { critical: celsius(critical) });
  return high === null ? t('sensor.noLimit') : t('sensor.limitHigh', { high: celsius(high) });
}

/** Those nearest to their own limit first; those without a limit last, the warmest first. */
export function closest(rows: readonly Temperature[], most: number): readonly Temperature[] {
  const share = (row: Temperature): number => {
    const value = present(row.celsius) ?? 0;
    const scale = scaleOf(row);
    return scale === null || scale <= 0 ? value / 1000 : value / scale;
  };
  const known = rows.filter((row) => present(row.celsius) !== null);
  return known.sort((a, b) => share(b) - share(a)).slice(0, most);
}

export interface FanState {
  readonly words: string;
  readonly trouble: boolean;
}

/** A fan that stands still may rest, and is broken only where its driver says how fast it must be. */
export function fanState(row: Fan): FanState | null {
  const turns = present(row.revolutions_per_minute);
  const least = present(row.low_revolutions_per_minute) ?? 0;
  if (turns === null) return null;
  if (turns === 0) return { words: t('sensor.still'), trouble: least > 0 };
  return turns < least ? { words: t('sensor.below', { minimum: revolutions(least) }), trouble: true } : null;
}

export interface Named<Row> {
  readonly row: Row;
  /** Which of several chips of one kind it is, where its label does not tell. */
  readonly device: string;
}

export interface Chip<Row> {
  readonly chip: string;
  readonly rows: readonly Named<Row>[];
}

type Row = { readonly key: string; readonly chip: string; readonly label: string };

/** Rows by chip, in their order. Eight drives are one kind of chip with eight equal labels. */
export function byChip<R extends Row>(rows: readonly R[]): readonly Chip<R>[] {
  const chips = new Map<string, R[]>();
  for (const row of rows) {
    const known = chips.get(row.chip);
    if (known) known.push(row);
    else chips.set(row.chip, [row]);
  }
  return [...chips].map(([chip, own]) => {
    const labels = new Set(own.map((row) => row.label));
    const told = labels.size === own.length;
    return { chip, rows: own.map((row) => ({ row, device: told ? '' : (row.key.split('/')[0] ?? '') })) };
  });
}
