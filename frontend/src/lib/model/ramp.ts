// Steps of the colour ramp of use.

/** Step of the use ramp: 0, below 25, below 50, below 75, and the rest. */
export function rampStep(percent: number): number {
  if (percent < 0.5) return 0;
  return Math.min(4, Math.floor(percent / 25) + 1);
}
