// The source of all texts. Each part of the page has a file; this puts them together: at once what the
// first view says, as types only what comes with the parts that say it (`addTexts`).
import { chart } from './en/chart';
import type { disk } from './en/disk';
import { host } from './en/host';
import type { login } from './en/login';
import type { network } from './en/network';
import { process } from './en/process';
import { reason } from './en/reason';
import type { settings } from './en/settings';
import { shell } from './en/shell';
import { source } from './en/source';
import { state } from './en/state';

export const en = {
  ...shell,
  ...state,
  ...reason,
  ...host,
  ...source,
  ...process,
  ...chart,
} as const;

type Later = typeof disk & typeof login & typeof network & typeof settings;

export type Messages = typeof en & Later;
