import { fireEvent, render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Core } from '../src/lib/api/api';
import Chart from '../src/charts/Chart.svelte';
import ChartTip from '../src/charts/ChartTip.svelte';
import CoreGrid from '../src/charts/CoreGrid.svelte';
import Sparkline from '../src/charts/Sparkline.svelte';

const at = (second: number) => new Date(2026, 10, 20, 14, 2, second).getTime();
const times = [at(0), at(2), at(4)];
const series = [
  { label: 'used', values: [10, null, 30] },
  { label: 'cache', values: [50, 60, 70] },
];

beforeEach(() => {
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      observe = vi.fn();
      disconnect = vi.fn();
    },
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('Chart', () => {
  it('says the newest values and the resolution beside the title', () => {
    render(Chart, { props: { title: 'Memory', times, series, unit: 'percent', intervalMs: 2000 } });
    const figure = screen.getByRole('figure', { name: 'Memory' });
    expect(figure).toHaveTextContent(/used\s*30\s%/);
    expect(figure).toHaveTextContent(/cache\s*70\s%/);
    expect(figure).toHaveTextContent('1 pt = 2 s');
  });

  it('reserves its height before anything is drawn', () => {
    const { container } = render(Chart, {
      props: { title: 'Memory', times, series, unit: 'percent', height: 132 },
    });
    expect(container.querySelector('.plot')).toHaveStyle({ height: '132px' });
  });

  it('has a table with the same numbers, newest first, gaps as gaps', async () => {
    const user = userEvent.setup();
    render(Chart, { props: { title: 'Memory', times, series, unit: 'percent' } });
    await user.click(screen.getByRole('button', { name: 'Table' }));
    const rows = within(screen.getByRole('table')).getAllByRole('row');
    const cells = rows.map((row) => Array.from(row.children, (cell) => cell.textContent));
    expect(cells).toEqual([
      ['Time', 'used', 'cache'],
      ['14:02:04', '30\u00a0%', '70\u00a0%'],
      ['14:02:02', '–', '60\u00a0%'],
      ['14:02:00', '10\u00a0%', '50\u00a0%'],
    ]);
  });

  it('says so when there is nothing yet', () => {
    render(Chart, { props: { title: 'Memory', times: [], series, unit: 'percent' } });
    expect(screen.getByText('No readings yet')).toBeInTheDocument();
  });
});

describe('ChartTip', () => {
  it('lists all series, largest first and absent last', () => {
    const { container } = render(ChartTip, {
      props: {
        times,
        series: [...series, { label: 'swap', values: [0, 90, 0] }],
        unit: 'percent',
        index: 1,
        left: 10,
        flip: false,
      },
    });
    const lines = Array.from(container.querySelectorAll('.line'), (line) => line.textContent.trim());
    expect(lines.map((line) => line.replace(/\s+/g, ' '))).toEqual(['swap 90 %', 'cache 60 %', 'used –']);
  });
});

describe('CoreGrid', () => {
  const cores = (count: number): Core[] =>
    Array.from({ length: count }, (_, id) => ({
      id,
      busy_percent: id === 3 ? { absent: 'measuring' } : id === 5 ? 97 : 1,
    }));

  it('says the sums, and the number of one core by keyboard', async () => {
    render(CoreGrid, { props: { cores: cores(8) } });
    expect(
      screen.getByText(/8 processors: 1 at 75 % or more, 6 under 5 %; busiest CPU 5 at 97/),
    ).toBeInTheDocument();
    const slider = screen.getByRole('slider', { name: 'Processors' });
    slider.focus();
    await fireEvent.keyDown(slider, { key: 'End' });
    await fireEvent.keyDown(slider, { key: 'ArrowLeft' });
    await fireEvent.keyDown(slider, { key: 'ArrowLeft' });
    expect(slider).toHaveAttribute('aria-valuetext', 'CPU 5: 97\u00a0%');
    await fireEvent.keyDown(slider, { key: 'ArrowLeft' });
    await fireEvent.keyDown(slider, { key: 'ArrowLeft' });
    expect(slider).toHaveAttribute('aria-valuetext', 'CPU 3: –');
  });

  it('draws bars for a few processors and one canvas for many', () => {
    const { container, unmount } = render(CoreGrid, { props: { cores: cores(32) } });
    expect(container.querySelectorAll('.bar')).toHaveLength(32);
    expect(container.querySelector('canvas')).toBeNull();
    unmount();
    const many = render(CoreGrid, { props: { cores: cores(1024) } }).container;
    expect(many.querySelectorAll('.bar')).toHaveLength(0);
    expect(many.querySelector('canvas')).not.toBeNull();
  });

  it('lists all numbers when asked', async () => {
    const user = userEvent.setup();
    render(CoreGrid, { props: { cores: cores(40) } });
    expect(screen.queryAllByRole('listitem')).toHaveLength(0);
    await user.click(screen.getByRole('button', { name: 'Numbers' }));
    const items = screen.getAllByRole('listitem').map((item) => item.textContent);
    expect(items).toHaveLength(40);
    expect(items[3]).toBe('3 –');
    expect(items[5]).toBe('5 97\u00a0%');
  });
});

describe('Sparkline', () => {
  it('says its course in words', () => {
    render(Sparkline, { props: { title: 'CPU', values: [null, 12, 80, 40, null], unit: 'percent' } });
    expect(screen.getByRole('img')).toHaveAccessibleName(/lowest 12\s%, highest 80\s%, now –/);
  });
});
