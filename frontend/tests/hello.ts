// A hello as a server says it.
import type { Hello } from '../src/lib/api/api';

export function hello(changes: Partial<Hello> = {}): Hello {
  return {
    protocol: 1,
    version: '0.1.0',
    page: 'page-1',
    config_revision: 'config-1',
    server_time_ms: 1_000_000,
    mode: 'node',
    role: 'member',
    signed_in: false,
    site_name: 'smonitor',
    host: 'a',
    interval_ms: 1000,
    ...changes,
  };
}
