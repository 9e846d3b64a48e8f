// The connection in one word, and how old what is shown may be.
import { serverNow } from '../model/time.svelte';
import { live } from './live';

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'paused' }
  /** Connected, but nothing came for `silentMs`. */
  | { readonly kind: 'silent'; readonly silentMs: number }
  | { readonly kind: 'disconnected'; readonly retryInMs: number | null }
  | { readonly kind: 'signed-out' | 'forbidden' };

const SILENT_MS = 5000;

export function connection(): Connection {
  const socket = live.socket;
  serverNow(); // once a second: the rest depends on time
  switch (socket.phase) {
    case 'waiting':
      return { kind: 'disconnected', retryInMs: Math.max(0, socket.retryAt - performance.now()) };
    case 'connecting':
      return live.hello ? { kind: 'disconnected', retryInMs: null } : { kind: 'connecting' };
    case 'closed':
      return socket.why === 'stopped' ? { kind: 'disconnected', retryInMs: null } : { kind: socket.why };
    case 'open': {
      if (live.paused && !live.refreshing) return { kind: 'paused' };
      const silentMs = live.lastFrameAt === null ? 0 : performance.now() - live.lastFrameAt;
      const limit = Math.max(SILENT_MS, 3 * (live.hello?.interval_ms ?? 0));
      return silentMs > limit ? { kind: 'silent', silentMs } : { kind: 'live' };
    }
  }
}
