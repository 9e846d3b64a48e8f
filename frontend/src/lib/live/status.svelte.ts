// The connection in one word, and how old what is shown may be.
import { serverNow } from '../model/time.svelte';
import { live } from './live';

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'paused' }
  /** Connected, but nothing came for `silentMs`. */
  | { readonly kind: 'silent'; readonly silentMs: number }
  /** Lost at `at` by the server's clock, null if there was never one; `long`: not just a moment ago. */
  | {
      readonly kind: 'disconnected';
      readonly at: number | null;
      readonly long: boolean;
      readonly retryInMs: number | null;
    }
  | { readonly kind: 'signed-out' | 'forbidden' };

const SILENT_MS = 5000;

const disconnected = (retryInMs: number | null): Connection => ({
  kind: 'disconnected',
  at: live.lost?.at ?? null,
  long: live.lost?.long ?? true,
  retryInMs,
});

export function connection(): Connection {
  const socket = live.socket;
  serverNow(); // once a second: the rest depends on time
  switch (socket.phase) {
    case 'waiting':
    case 'connecting':
      if (!live.lost) return live.hello ? connected() : { kind: 'connecting' };
      return disconnected(
        socket.phase === 'waiting' ? Math.max(0, socket.retryAt - performance.now()) : null,
      );
    case 'closed':
      return socket.why === 'stopped' ? disconnected(null) : { kind: socket.why };
    case 'open':
      return connected();
  }
}

/** Also for the moment of a restart, which needs no words. */
function connected(): Connection {
  if (live.paused && !live.refreshing) return { kind: 'paused' };
  const silentMs = live.lastFrameAt === null ? 0 : performance.now() - live.lastFrameAt;
  const limit = Math.max(SILENT_MS, 3 * (live.hello?.interval_ms ?? 0));
  return silentMs > limit ? { kind: 'silent', silentMs } : { kind: 'live' };
}
