import type { people as en } from '../en/people';
import type { Translated } from '../types';

export const people: Translated<typeof en> = {
  'people.title': 'GPU 使用者',
  'people.user': '用户',
  'people.number': '用户 ID {id}',
  'people.cards': 'GPU',
  'people.memory': '显存',
  'people.processes': '进程',
  'people.processesOn.other': '{n} 个进程：在列表中查看',
  'people.since': '开始于',
  'people.held': '占用闲置',
  'people.heldHint': '被占用但没有计算的 GPU',
  'people.containers': '容器',
  'people.account': '账号到期',
  'people.accountHint': '来自 /etc/shadow，日期为 UTC',
  'people.never': '永不',
  'people.expired': '已于 {day} 到期',
  'people.none': '无',
  'people.nobody_none': '没有人在使用 GPU。',
  'people.nobody_hidden': '访客看不到这些进程属于谁。',
  'people.nobody_unknown': '现在无法得知谁在使用这些卡。',
  'people.absent': '无法读取 GPU 使用者：{reason}。',
  'people.more.other': '另有 {n} 个用户未列出。',
};
