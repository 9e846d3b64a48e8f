import type { source as en } from '../en/source';
import type { Translated } from '../types';

export const source: Translated<typeof en> = {
  'source.severe.other': '{n} 个来源卡住或失败',
  'source.limited.other': '{n} 个来源受限',
  'source.units.other': '{n} 个服务失败',
  'source.clockGood': '时钟已同步',
  'source.clockBad': '时钟未同步',
};
