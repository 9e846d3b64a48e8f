// Draws strips of cells on a canvas. Each state has a shape of its own; colours come from the page's tokens,
// or from the system where it chooses them.
import type { Look, PlacedStrip } from '../../lib/model/map-layout';

export interface MapColours {
  /** Steps of use. */
  readonly ramp: readonly string[];
  readonly free: string;
  readonly held: string;
  readonly fault: string;
  readonly offline: string;
}

/** One strip, in CSS pixels; what was there before is cleared. */
export function drawStrip(
  context: CanvasRenderingContext2D,
  strip: PlacedStrip,
  cell: number,
  gap: number,
  colours: MapColours,
): void {
  context.clearRect(strip.x - 1, strip.y - 1, strip.width + 2, strip.height + 2);
  for (let index = 0; index < strip.cells.length; index += 1) {
    const x = strip.x + (index % strip.across) * (cell + gap);
    const y = strip.y + Math.floor(index / strip.across) * (cell + gap);
    drawCell(context, strip.cells[index] as Look, x, y, cell, colours);
  }
}

function drawCell(
  context: CanvasRenderingContext2D,
  look: Look,
  x: number,
  y: number,
  size: number,
  { ramp, free, held, fault, offline }: MapColours,
): void {
  const box = (colour: string): void => {
    context.strokeStyle = colour;
    context.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
  };
  const lines = (...points: readonly (readonly [number, number, number, number])[]): void => {
    context.beginPath();
    for (const [fromX, fromY, toX, toY] of points) {
      context.moveTo(x + fromX, y + fromY);
      context.lineTo(x + toX, y + toY);
    }
    context.stroke();
  };
  switch (look) {
    case 'f':
      return box(free);
    case 'h':
      box(held);
      return lines(
        [1, size - 1, size - 1, 1],
        [1, size / 2, size / 2, 1],
        [size / 2, size - 1, size - 1, size / 2],
      );
    case 'x':
      box(fault);
      return lines([1.5, 1.5, size - 1.5, size - 1.5], [size - 1.5, 1.5, 1.5, size - 1.5]);
    case '?':
      context.setLineDash(DASH);
      box(offline);
      context.setLineDash(WHOLE);
      return;
    case 'm':
      context.fillStyle = ramp[2] ?? offline;
      context.fillRect(x, y, Math.floor(size / 2), size);
      context.fillRect(x + Math.ceil(size / 2) + 1, y, size - Math.ceil(size / 2) - 1, size);
      return;
    case '-':
      context.strokeStyle = offline;
      return lines([1, size / 2, size - 1, size / 2]);
    default:
      context.fillStyle = ramp[Number(look)] ?? offline;
      context.fillRect(x, y, size, size);
      // Nothing in use and nothing at all look alike on a light ground: the edge tells them apart.
      if (look === '0' || look === '1') box(ramp[3] ?? offline);
  }
}

const DASH = [2, 1.5];
const WHOLE: number[] = [];

/** Draws what differs from what was drawn last: nothing else, as long as all stand where they stood. */
export function drawChanged(
  context: CanvasRenderingContext2D,
  strips: readonly PlacedStrip[],
  before: readonly PlacedStrip[],
  draw: (strip: PlacedStrip) => void,
): number {
  const stayed =
    strips.length === before.length &&
    strips.every((strip, at) => {
      const old = before[at];
      return (
        old !== undefined &&
        old.row.key === strip.row.key &&
        old.x === strip.x &&
        old.y === strip.y &&
        old.width === strip.width &&
        old.height === strip.height
      );
    });
  if (!stayed) context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  const changed = stayed ? strips.filter((strip, at) => strip.cells !== before[at]?.cells) : strips;
  changed.forEach(draw);
  return changed.length;
}
