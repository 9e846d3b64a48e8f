// Why there are no news of a host, and what to do about it: the words for `TroubleKind`. Keys are the
// server's codes.
import { addTexts } from '../index.svelte';

export const texts = {
  'trouble.name_not_found': 'its name has no address',
  'trouble.name_not_found.do': 'Check how its address is spelled in the settings, and the name server.',
  'trouble.refused': 'connection refused: nothing listens there',
  'trouble.refused.do': 'Start smonitor on it, or correct the port in the settings.',
  'trouble.unreachable': 'there is no way to it',
  'trouble.unreachable.do': 'See whether the machine runs, and look at its network.',
  'trouble.connect_timeout': 'it does not take the connection',
  'trouble.connect_timeout.do':
    'See whether the machine hangs; a firewall that drops packets looks the same.',
  'trouble.read_timeout': 'it took the question and does not answer',
  'trouble.read_timeout.do': 'The machine may hang: look at it, and at the log of smonitor there.',
  'trouble.broken': 'the connection broke while it answered',
  'trouble.broken.do': 'If it stays so, look at the log of smonitor there.',
  'trouble.tls_failed': 'no encrypted connection could be made',
  'trouble.tls_failed.do': 'See whether its port speaks TLS: a fingerprint in the settings asks for that.',
  'trouble.wrong_certificate': 'its certificate is not the one that was agreed on',
  'trouble.wrong_certificate.do':
    'If the machine was set up anew, put its new fingerprint into the settings. If not, somebody may stand between.',
  'trouble.unauthorized': 'it wants a key, or another one',
  'trouble.unauthorized.do': 'Give the key of that host in the settings.',
  'trouble.forbidden': 'the key may not do this, or the address of this server may not',
  'trouble.forbidden.do': 'Look at “peer.allow” of that host, and at its key.',
  'trouble.http_status': 'it answered with an error',
  'trouble.http_status.do': 'Look at the log of smonitor there; a proxy may answer instead.',
  'trouble.malformed': 'what it answers is not what smonitor says',
  'trouble.malformed.do': 'See what listens at that address.',
  'trouble.too_large': 'it answered more than a node may',
  'trouble.too_large.do': 'See what listens at that address.',
  'trouble.other_protocol': 'it speaks another version of the protocol',
  'trouble.other_protocol.do': 'Bring smonitor to the same version on both.',
  'trouble.other_host': 'another host answers at its address',
  'trouble.other_host.do':
    'Correct the address in the settings. A machine that replaces another is shown after a minute.',
  'trouble.clone': 'the same machine answers under two names',
  'trouble.clone.do': 'Take one of the two from the settings.',
  'trouble.no_report': 'it is to report by itself and does not',
  'trouble.no_report.do': 'See whether smonitor runs there and can reach this server.',
} as const;

export const trouble = addTexts(texts, async () => (await import('../zh/trouble')).trouble);
