// Simplified Chinese of what the first view says, complete or it does not compile. Fetched only by those
// who read it; the rest is in `zh/later`.
import type { First } from './en';
import type { Translated } from './types';
import { reason } from './zh/reason';
import { shell } from './zh/shell';
import { state } from './zh/state';

export const zh: Translated<First> = {
  ...shell,
  ...state,
  ...reason,
};
