import type { texts as en } from '../en/login';
import type { Translated } from '../types';

export const login: Translated<typeof en> = {
  'login.explain': '请打开 smonitor 首次启动时打印的访问链接，或在此粘贴其中的令牌。',
  'login.token': '访问令牌',
  'login.submit': '登录',
  'login.working': '正在登录…',
  'login.empty': '请先粘贴令牌。',
  'login.wrong': '服务器不接受此令牌。请在其日志中查找最新的链接，或询问其管理者。',
  'login.tooMany': '尝试次数过多，请在 {age}后重试。',
  'login.unreachable': '服务器没有响应。请确认它正在运行且网络可达。',
  'login.failed': '服务器拒绝：{message}',
};
