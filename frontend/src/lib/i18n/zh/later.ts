// Simplified Chinese of the parts that are loaded later, complete or it does not compile.
import type { Later } from '../en';
import type { Translated } from '../types';
import { advice } from './advice';
import { gpu } from './gpu';
import { logins } from './logins';
import { numa } from './numa';
import { people } from './people';
import { raid } from './raid';
import { sensor } from './sensor';
import { settings } from './settings';
import { table } from './table';
import { host } from './host';
import { process } from './process';
import { chart } from './chart';
import { source } from './source';
import { zfs } from './zfs';

export const later: Translated<Later> = {
  ...advice,
  ...gpu,
  ...logins,
  ...numa,
  ...people,
  ...raid,
  ...sensor,
  ...settings,
  ...table,
  ...host,
  ...process,
  ...chart,
  ...source,
  ...zfs,
};
