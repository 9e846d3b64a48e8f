// Who is logged in.
import { addTexts } from '../index.svelte';

export const logins = addTexts({
  'logins.title': 'Logged in',
  'logins.all': 'All sessions',
  'logins.sessions.one': '1 session',
  'logins.sessions.other': '{n} sessions',
  'logins.user': 'User',
  'logins.terminal': 'Terminal',
  'logins.from': 'From',
  'logins.here': 'this machine',
  'logins.since': 'Since',
  'logins.futureHint': 'The login lies in the future: the clock of this machine was changed since.',
  'logins.future': 'in the future',
  'logins.ago': '{age} ago',
  'logins.idle': 'Idle',
  'logins.idleHint': 'How long nothing was typed',
  'logins.pid': 'PID',
  'logins.pidHint': 'The session’s first process',
  'logins.processOf': 'Process {pid} in the list of processes',
  'logins.filter': 'Filter: user:alice from:10.1 …',
  'logins.filterHint': 'Words match user, terminal, origin and PID. Fields: user: from: terminal: pid:',
  'logins.nobody': 'Nobody is logged in.',
  'logins.origin_utmp': 'The list is that of /run/utmp.',
  'logins.origin_logind': 'The list is that of logind (/run/systemd/sessions).',
  'logins.absent': 'Who is logged in cannot be read: {reason}.',
  'logins.leftOut': '{n} more sessions are not listed.',
});
