// What a chart draws.

export interface ChartSeries {
  readonly label: string;
  /** As long as the times; null is a gap. */
  readonly values: readonly (number | null)[];
}

/** Past this many, further series share one grey. */
export const COLOURED = 6;
