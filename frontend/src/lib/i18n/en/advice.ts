// What to do where a whole section cannot be read. Keys are the server's codes of reasons.
import { addTexts } from '../index.svelte';

export const advice = addTexts({
  'advice.measuring': 'Nothing to do: the value follows with the next sample.',
  'advice.not_supported': 'Nothing to do on this machine; a newer kernel may offer it.',
  'advice.permission_denied': 'Run smonitor as root, or grant it CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.',
  'advice.not_installed': 'Install it on the machine, or leave it: nothing else depends on it.',
  'advice.not_responding': 'Look at dmesg on the machine: a driver or a network file system hangs.',
  'advice.read_failed': 'See the log of smonitor on the machine for the path and the error.',
  'advice.malformed': 'Please report it with the log line: it names path, line and text.',
  'advice.out_of_resources': 'Free memory or raise the limit of open files on the machine.',
  'advice.not_collected': 'Nothing to do: it is read once somebody looks.',
  'advice.gone': 'Nothing to do.',
  'advice.hidden': 'Ask an administrator of this site for access.',
});
