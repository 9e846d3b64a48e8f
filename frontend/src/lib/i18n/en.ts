// The source of all texts. Each part of the page has a file; this puts them together.
import { chart } from './en/chart';
import { host } from './en/host';
import { login } from './en/login';
import { process } from './en/process';
import { reason } from './en/reason';
import { shell } from './en/shell';
import { source } from './en/source';
import { state } from './en/state';

export const en = {
  ...shell,
  ...state,
  ...reason,
  ...host,
  ...source,
  ...login,
  ...process,
  ...chart,
} as const;

export type Messages = typeof en;
