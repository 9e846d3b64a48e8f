// The source of all texts. Each part of the page has a file; this puts them together: at once what the
// first view says, as types only what comes with the parts that say it (`addTexts`).
import type { advice } from './en/advice';
import type { board } from './en/board';
import type { chart } from './en/chart';
import type { container } from './en/container';
import type { disk } from './en/disk';
import type { finder } from './en/finder';
import type { hostMap } from './en/host-map';
import type { hostRows } from './en/host-rows';
import type { hostStatus } from './en/host-status';
import type { hostSwitch } from './en/host-switch';
import type { sensor } from './en/sensor';
import type { logins } from './en/logins';
import type { gpu } from './en/gpu';
import type { gpuDetails } from './en/gpu-details';
import type { gpuProcesses } from './en/gpu-processes';
import type { health } from './en/health';
import type { home } from './en/home';
import type { host } from './en/host';
import type { login } from './en/login';
import type { network } from './en/network';
import type { process } from './en/process';
import type { processTable } from './en/process-table';
import { reason } from './en/reason';
import type { people } from './en/people';
import type { restart } from './en/restart';
import type { server } from './en/server';
import type { settings } from './en/settings';
import { shell } from './en/shell';
import type { source } from './en/source';
import { state } from './en/state';
import type { table } from './en/table';
import type { trouble } from './en/trouble';
import type { filesystem } from './en/filesystem';
import type { numa } from './en/numa';
import type { raid } from './en/raid';
import type { zfs } from './en/zfs';

export const en = {
  ...shell,
  ...state,
  ...reason,
} as const;

export type First = typeof en;

/** By small parts that are loaded later. */
export type Later = typeof advice &
  typeof chart &
  typeof gpu &
  typeof host &
  typeof logins &
  typeof numa &
  typeof people &
  typeof process &
  typeof raid &
  typeof sensor &
  typeof settings &
  typeof source &
  typeof table &
  typeof zfs;

/** By parts that are large, or that few see: their Chinese is not among that of the others. */
type Apart = typeof board &
  typeof container &
  typeof disk &
  typeof filesystem &
  typeof finder &
  typeof gpuDetails &
  typeof gpuProcesses &
  typeof health &
  typeof hostMap &
  typeof hostRows &
  typeof hostStatus &
  typeof hostSwitch &
  typeof home &
  typeof login &
  typeof network &
  typeof processTable &
  typeof restart &
  typeof server &
  typeof trouble;

export type Messages = First & Later & Apart;
