import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fan, Sensors, Temperature } from '../src/lib/api/api';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { freezeAges } from '../src/lib/model/time.svelte';
import SensorsTab from '../src/pages/Host/SensorsTab.svelte';
import SensorsPanel from '../src/panels/sensor/SensorsPanel.svelte';
import { byChip, closest, temperatureLevel } from '../src/panels/sensor/sensors';
import { NOW, hostDocument, section } from './documents';

const text = (element: Element) => element.textContent.replace(/[\s\u00a0]+/g, ' ').trim();
const none = { absent: 'not_supported' as const };

const temperature = (
  celsius: Temperature['celsius'],
  critical: Temperature['critical_celsius'] = 100,
  changes: Partial<Temperature> = {},
): Temperature => ({
  key: `coretemp-0/${JSON.stringify(celsius)}`,
  chip: 'coretemp',
  label: `Core ${JSON.stringify(celsius)}`,
  celsius,
  high_celsius: none,
  critical_celsius: critical,
  ...changes,
});

const fan = (turns: number, least: Fan['low_revolutions_per_minute'] = none): Fan => ({
  key: `nct-0/fan${String(turns)}`,
  chip: 'nct',
  label: `fan${String(turns)}`,
  revolutions_per_minute: turns,
  low_revolutions_per_minute: least,
});

const sensors = (changes: Partial<Sensors> = {}): Sensors => ({
  temperatures: [temperature(47), temperature(88)],
  fans: [fan(1180, 500)],
  power: [{ key: 'rapl/0', chip: 'rapl', label: 'package-0', watts: 120.4, limit_watts: 350 }],
  voltages: [{ key: 'nct/in0', chip: 'nct', label: 'P12V', volts: 12.096 }],
  left_out: 0,
  ...changes,
});

const tab = (value: Sensors) =>
  render(SensorsTab, { host: 'gpu-1', document: hostDocument({ sensors: section(value) }) });
const line = (name: RegExp) =>
  text(screen.getAllByRole('listitem').find((each) => name.test(each.textContent)) as Element);

beforeEach(async () => {
  await setLanguage('en');
  freezeAges(NOW);
});
afterEach(() => setLanguage('en'));

describe('temperatureLevel', () => {
  it.each([
    [89.9, 100, none, 'normal'],
    [90, 100, none, 'high'],
    [96.9, 100, none, 'high'],
    [97, 100, none, 'critical'],
    // Its own limit for "too warm" comes first …
    [85, 100, 84, 'high'],
    [91, 100, 95, 'normal'],
    // … unless it leaves no room for a warning.
    [75, 84.8, 81.8, 'high'],
    [70, none, 65, 'high'],
    [500, none, 65, 'high'],
    [500, none, none, 'normal'],
    [{ absent: 'read_failed' as const }, 100, none, 'normal'],
  ])('of %j with critical %j and high %j is %s', (celsius, critical, high, level) => {
    expect(temperatureLevel(temperature(celsius, critical, { high_celsius: high }))).toBe(level);
  });
});

describe('lists', () => {
  it('put what is nearest to its own limit first, and what has none last', () => {
    const rows = [temperature(90, none), temperature(60, 100), temperature(50, 60), temperature(none, 60)];
    expect(closest(rows, 9).map((row) => row.celsius)).toEqual([50, 60, 90]);
  });

  it('name the device where labels do not tell', () => {
    const drive = (at: number) =>
      temperature(40, 85, { key: `nvme-${String(at)}/temp1`, chip: 'nvme', label: 'Composite' });
    const [chip] = byChip([drive(0), drive(1)]);
    expect(chip?.rows.map((each) => each.device)).toEqual(['nvme-0', 'nvme-1']);
    expect(byChip([temperature(1), temperature(2)])[0]?.rows.map((each) => each.device)).toEqual(['', '']);
  });
});

describe('SensorsTab', () => {
  it('shows each kind with its unit, by chip', () => {
    tab(sensors());
    expect(line(/^Core 47/)).toBe('Core 47 47 °C');
    expect(line(/^fan1180/)).toBe('fan1180 1,180 rpm');
    expect(line(/^package/)).toBe('package-0 120 W of 350 W');
    expect(line(/^P12V/)).toBe('P12V 12.096 V');
    expect(screen.getByRole('heading', { name: 'coretemp' })).toBeInTheDocument();
    expect(
      screen.getByRole('img', { name: /^Core 47, of its limit 47.%, critical 100/ }),
    ).toBeInTheDocument();
  });

  it('has a word for what is warm, and none without a limit', () => {
    tab(sensors({ temperatures: [temperature(92), temperature(98), temperature(300, none)] }));
    expect(line(/^Core 92/)).toBe('Core 92 92 °C high');
    expect(line(/^Core 98/)).toBe('Core 98 98 °C critical');
    expect(line(/^Core 300/)).toBe('Core 300 300 °C');
  });

  it('tells a fan that rests from one that is broken', () => {
    tab(sensors({ fans: [fan(0), fan(300, 500)] }));
    expect(line(/^fan0/)).toBe('fan0 0 rpm stands still');
    expect(line(/^fan300/)).toBe('fan300 300 rpm below 500 rpm');
    expect(document.querySelectorAll('.trouble .mark')).toHaveLength(1);
  });

  it('draws a dash with its reason, never 0', () => {
    tab(sensors({ temperatures: [temperature({ absent: 'permission_denied' })] }));
    expect(screen.getByTitle('no permission to read it')).toHaveTextContent('–');
  });

  it.each([
    [hostDocument({ sensors: section(sensors({ temperatures: [], fans: [], power: [], voltages: [] })) })],
    [hostDocument({ sensors: { ...section(sensors()), value: { absent: 'not_supported' } } })],
  ])('says that a machine has none, and why', (document) => {
    render(SensorsTab, { host: 'gpu-1', document });
    expect(screen.getByRole('heading', { name: 'No sensors on this machine' })).toBeInTheDocument();
    expect(screen.getByText(/Virtual machines/)).toBeInTheDocument();
  });

  it('says why they cannot be read', () => {
    const denied = { ...section(sensors()), value: { absent: 'permission_denied' as const } };
    render(SensorsTab, { host: 'gpu-1', document: hostDocument({ sensors: denied }) });
    expect(screen.getByText('no permission to read it')).toBeInTheDocument();
  });

  it('shows the first of very many, and all on demand', async () => {
    const many = Array.from({ length: 128 }, (_, at) => temperature(at, 1000));
    tab(sensors({ temperatures: many, fans: [], power: [], voltages: [] }));
    expect(screen.getAllByRole('listitem')).toHaveLength(32);
    await userEvent.click(screen.getByRole('button', { name: 'All 128' }));
    expect(screen.getAllByRole('listitem')).toHaveLength(128);
  });

  it('greys what is old', () => {
    const old = section(sensors(), { taken_at_ms: NOW - 42_000 });
    const { container } = render(SensorsTab, { host: 'gpu-1', document: hostDocument({ sensors: old }) });
    expect(container.querySelectorAll('.old')).toHaveLength(4);
    expect(text(container)).toContain('stale 42 s');
  });

  it('speaks Chinese', async () => {
    await setLanguage('zh-CN');
    const { container } = tab(sensors({ fans: [fan(0)] }));
    expect(text(container)).toContain('停转');
  });
});

describe('SensorsPanel', () => {
  it('shows what is closest to its limit, odd fans by name and the others as a range', () => {
    const value = sensors({ fans: [fan(0, 500), fan(900), fan(1200)] });
    render(SensorsPanel, { document: hostDocument({ sensors: section(value) }) });
    const lines = screen.getAllByRole('listitem').map(text);
    expect(lines).toEqual([
      'Core 88 coretemp 88 °C',
      'Core 47 coretemp 47 °C',
      'fan0 0 rpm stands still',
      '2 turning 900–1,200 rpm',
      'package-0 rapl 120 W of 350 W',
    ]);
  });
});
