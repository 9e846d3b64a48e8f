import type { logins as en } from '../en/logins';
import type { Translated } from '../types';

export const logins: Translated<typeof en> = {
  'logins.title': '登录用户',
  'logins.all': '全部会话',
  'logins.sessions.other': '{n} 个会话',
  'logins.user': '用户',
  'logins.terminal': '终端',
  'logins.from': '来自',
  'logins.here': '本机',
  'logins.since': '登录时间',
  'logins.futureHint': '登录时间在未来：此后机器的时钟被改动过。',
  'logins.future': '时间在未来',
  'logins.ago': '{age}前',
  'logins.idle': '空闲',
  'logins.idleHint': '多久没有输入',
  'logins.pid': 'PID',
  'logins.pidHint': '会话的第一个进程',
  'logins.processOf': '在进程列表中查看进程 {pid}',
  'logins.filter': '筛选：user:alice from:10.1 …',
  'logins.filterHint': '直接输入可匹配用户、终端、来源和 PID。字段：user: from: terminal: pid:',
  'logins.nobody': '目前没有人登录。',
  'logins.origin_utmp': '列表来自 /run/utmp。',
  'logins.origin_logind': '列表来自 logind（/run/systemd/sessions）。',
  'logins.absent': '无法读取登录信息：{reason}。',
  'logins.leftOut': '另有 {n} 个会话未列出。',
};
