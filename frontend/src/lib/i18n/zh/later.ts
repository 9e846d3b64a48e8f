// Simplified Chinese of the parts that are loaded later, complete or it does not compile.
import type { Later } from '../en';
import type { Translated } from '../types';
import { advice } from './advice';
import { container } from './container';
import { disk } from './disk';
import { filesystem } from './filesystem';
import { gpu } from './gpu';
import { health } from './health';
import { logins } from './logins';
import { network } from './network';
import { numa } from './numa';
import { people } from './people';
import { processTable } from './process-table';
import { raid } from './raid';
import { sensor } from './sensor';
import { settings } from './settings';
import { table } from './table';
import { zfs } from './zfs';

export const later: Translated<Later> = {
  ...advice,
  ...container,
  ...disk,
  ...filesystem,
  ...gpu,
  ...health,
  ...logins,
  ...network,
  ...numa,
  ...people,
  ...processTable,
  ...raid,
  ...sensor,
  ...settings,
  ...table,
  ...zfs,
};
