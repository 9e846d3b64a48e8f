// The chart library and how it is set up. Fetched when the first chart is drawn, with its style sheet.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Palette } from './palette.svelte';
import { axisText, highestOf, increments, timeText, upperEnd, type ChartUnit } from './scale';

export interface PlotSettings {
  readonly width: number;
  readonly height: number;
  readonly unit: ChartUnit;
  readonly labels: readonly string[];
  readonly palette: Palette;
  readonly max: number | undefined;
  /** Width of the time axis; as wide as the data where undefined. */
  readonly spanMs: number | undefined;
  readonly font: string;
  readonly oncursor: (index: number | null, left: number) => void;
}

export type PlotData = readonly [times: readonly number[], ...values: (readonly (number | null)[])[]];

/** Colour alone must not tell series apart once there are more than three. */
export const DASHES: readonly (readonly number[])[] = [[], [], [], [6, 3], [2, 3], [8, 3, 2, 3]];

export class Plot {
  readonly #plot: uPlot;

  constructor(target: HTMLElement, settings: PlotSettings, data: PlotData) {
    this.#plot = new uPlot(options(settings), aligned(data), target);
  }

  setData(data: PlotData): void {
    this.#plot.setData(aligned(data));
  }

  setSize(width: number, height: number): void {
    this.#plot.setSize({ width, height });
  }

  /** Moves the crosshair to a time, or takes it away. */
  setCursor(timeMs: number | null): void {
    const left = timeMs === null ? -10 : this.#plot.valToPos(timeMs, 'x');
    this.#plot.setCursor({ left, top: timeMs === null ? -10 : 0 }, true);
  }

  destroy(): void {
    this.#plot.destroy();
  }
}

/** A time closer to the right edge than this would be cut off there. */
const HALF_LABEL_PX = 26;

/** The library's types want mutable arrays; it does not write into them. */
function aligned(data: PlotData): uPlot.AlignedData {
  return data as unknown as uPlot.AlignedData;
}

function options(settings: PlotSettings): uPlot.Options {
  const { unit, palette, font, spanMs, labels } = settings;
  const colour = (index: number): string => palette.series[index] ?? palette.muted;
  const lone = labels.length === 1;
  return {
    width: settings.width,
    height: settings.height,
    ms: 1,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 7 },
      sync: { key: 'smonitor', scales: ['x', null] },
    },
    scales: {
      x: {
        time: true,
        range: (_plot, least, most) => (spanMs === undefined ? [least, most] : [most - spanMs, most]),
      },
      y: { range: (plot) => [0, upperEnd(unit, highestOf(plot.data.slice(1) as Numbers[]), settings.max)] },
    },
    axes: [
      {
        font,
        stroke: palette.muted,
        space: 72,
        size: 24,
        gap: 4,
        grid: { stroke: palette.grid, width: 1 },
        ticks: { show: false },
        values: (plot, splits, _axis, _space, step) => {
          const last = plot.bbox.width / devicePixelRatio - HALF_LABEL_PX;
          return splits.map((at) => (plot.valToPos(at, 'x') > last ? '' : timeText(at, step)));
        },
      },
      {
        font,
        stroke: palette.muted,
        // A fixed width keeps the plots of a page below each other in line, and costs no reading.
        size: 60,
        gap: 6,
        space: 28,
        incrs: increments(unit),
        grid: { stroke: palette.grid, width: 1 },
        ticks: { show: false },
        values: (_plot, splits, _axis, _space, step) => splits.map((value) => axisText(unit, value, step)),
      },
    ],
    series: [
      {},
      ...labels.map((label, index): uPlot.Series => ({
        label,
        stroke: colour(index),
        width: 1.5,
        dash: [...(DASHES[index] ?? [])],
        spanGaps: false,
        ...(lone ? { fill: palette.areas[0] ?? 'transparent' } : {}),
        points: { size: 4, fill: colour(index) },
      })),
    ],
    hooks: {
      setCursor: [
        (plot) => {
          const left = plot.cursor.left ?? -1;
          settings.oncursor(
            left < 0 ? null : (plot.cursor.idx ?? null),
            left + plot.bbox.left / devicePixelRatio,
          );
        },
      ],
    },
  };
}

type Numbers = readonly (number | null)[];
