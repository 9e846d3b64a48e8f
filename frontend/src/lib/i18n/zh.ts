// Simplified Chinese, complete or it does not compile. Fetched only by those who read it.
import type { Messages } from './en';
import type { Translated } from './types';
import { chart } from './zh/chart';
import { disk } from './zh/disk';
import { network } from './zh/network';
import { sensor } from './zh/sensor';
import { logins } from './zh/logins';
import { health } from './zh/health';
import { host } from './zh/host';
import { login } from './zh/login';
import { process } from './zh/process';
import { reason } from './zh/reason';
import { settings } from './zh/settings';
import { shell } from './zh/shell';
import { source } from './zh/source';
import { state } from './zh/state';
import { filesystem } from './zh/filesystem';
import { numa } from './zh/numa';
import { raid } from './zh/raid';
import { zfs } from './zh/zfs';

export const zh: Translated<Messages> = {
  ...shell,
  ...state,
  ...reason,
  ...host,
  ...source,
  ...login,
  ...health,
  ...logins,
  ...sensor,
  ...network,
  ...settings,
  ...process,
  ...chart,
  ...disk,
  ...zfs,
  ...raid,
  ...numa,
  ...filesystem,
};
