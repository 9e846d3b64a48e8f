import type { disk as en } from '../en/disk';
import type { Translated } from '../types';

export const disk: Translated<typeof en> = {
  'disk.title': '磁盘',
};
