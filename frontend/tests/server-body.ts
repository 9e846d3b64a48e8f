// How a server runs, as it says itself.
import type { Restart, ServerBody, Viewer } from '../src/lib/api/api';
import { NOW } from './documents';

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0';

export const viewer = (key: string, changes: Partial<Viewer> = {}): Viewer => ({
  key,
  address: `10.1.2.${key}`,
  role: 'member',
  user_agent: FIREFOX,
  since_ms: NOW - 120_000,
  topics: ['host/gpu-1', 'host/gpu-1/processes'],
  round_trip_ms: 12,
  sent_bytes: 2_500_000,
  ...changes,
});

export const restart = (changes: Partial<Restart> = {}): Restart => ({
  at_ms: NOW - 300_000,
  reason: 'killed',
  detail: 'killed by signal 9 (SIGKILL)',
  pid: 4242,
  lived_seconds: 720,
  back_after_seconds: 0.41,
  version: '0.4.0',
  ...changes,
});

export function serverBody(changes: Partial<ServerBody> = {}): ServerBody {
  return {
    version: '0.4.0',
    pid: 31337,
    started_at_ms: NOW - 240_000,
    server_time_ms: NOW,
    restarted_by: 'manager',
    sandbox: {
      system_calls: { state: 'on', note: null },
      writing: { state: 'partial', note: 'files can still be moved' },
      connecting: { state: 'not_supported', note: null },
    },
    restarts: [],
    viewers: [viewer('1')],
    viewers_left_out: 0,
    ...changes,
  };
}
