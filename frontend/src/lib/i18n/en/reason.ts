// Why a value is absent: the words for `Reason`. Keys are the server's codes. What to do about it is in
// `advice`.
export const reason = {
  'reason.measuring': 'measuring: a rate needs a second sample',
  'reason.not_supported': 'not supported by this machine or kernel',
  'reason.permission_denied': 'no permission to read it',
  'reason.not_installed': 'not installed on this machine',
  'reason.not_responding': 'not responding: stuck in the kernel or a driver',
  'reason.read_failed': 'reading failed',
  'reason.malformed': 'the kernel gave something unexpected',
  'reason.out_of_resources': 'the machine is out of memory or file handles',
  'reason.not_collected': 'not read yet',
  'reason.gone': 'gone',
  'reason.hidden': 'hidden: your role may not see it',
} as const;
