// One WebSocket that stays: connects, notices silence, comes back. Knows messages, not topics.
import type { ClientMessage } from '../api/api';
import { Comeback } from './backoff';
import { decode, type Message } from './decode';
import { Inflater } from './inflate';
import { Timer } from './schedule';
import { clocks, Silence } from './silence';

export type SocketState =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'open' }
  /** Lost at `lostAt`, or heard last then; the next attempt is at `retryAt` (performance clock). */
  | { readonly phase: 'waiting'; readonly retryAt: number; readonly lostAt: number }
  /** Closed by the server for good, or by us. */
  | { readonly phase: 'closed'; readonly why: 'signed-out' | 'forbidden' | 'stopped' };

export interface SocketEvents {
  state(state: SocketState): void;
  message(message: Message): void;
  /** A message that this page does not understand. */
  unknown(): void;
  roundTrip(milliseconds: number): void;
  /** The upgrade was refused: browsers do not say why, so somebody must ask the API. */
  refused(): void;
}

/** Browsers wait minutes for an address that does not answer. No less than this: while the server is
 * started anew, connections wait in the kernel's queue and are accepted then. */
const CONNECT_MS = 10_000;

export class LiveSocket {
  #socket: WebSocket | null = null;
  /** Null while the connection is being made. */
  #openedAt: number | null = null;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #pulse = new Timer();
  readonly #silence = new Silence();
  readonly #comeback = new Comeback();
  #ping = { id: 0, sentAt: 0 };
  readonly #url: () => URL;
  readonly #events: SocketEvents;

  constructor(url: () => URL, events: SocketEvents) {
    this.#url = url;
    this.#events = events;
  }

  /** Connects at once, also while waiting for a retry. Does nothing while connected. */
  connect(): void {
    this.#cancelRetry();
    if (this.#socket) return;
    this.#events.state({ phase: 'connecting' });
    const socket = new WebSocket(this.#url());
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    // A fresh queue per connection: what an old connection still inflates belongs to nobody.
    const inflater = new Inflater();
    const mine = () => this.#socket === socket;
    this.#pulse.start(CONNECT_MS, () => this.#lost(1006, false));
    socket.onopen = () => {
      this.#openedAt = performance.now();
      this.#silence.opened(clocks());
      this.#look();
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.#silence.heard(performance.now());
      const deliver = (text: string) => {
        if (mine()) this.#receive(text);
      };
      inflater.push(data, deliver, () => mine() && this.#events.unknown());
    };
    socket.onclose = ({ code }) => {
      if (mine()) this.#lost(code, false);
    };
  }

  send(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Closes and does not come back by itself. */
  stop(why: 'signed-out' | 'forbidden' | 'stopped' = 'stopped'): void {
    this.#cancelRetry();
    this.#drop();
    this.#events.state({ phase: 'closed', why });
  }

  /** The world changed (network back, page visible): check the connection now rather than later. */
  nudge(): void {
    if (this.#socket) {
      if (this.#openedAt !== null) this.#look();
    } else if (this.#retryTimer !== undefined) {
      this.connect();
    }
  }

  #receive(text: string): void {
    const message = decode(text);
    if (!message) {
      this.#events.unknown();
      return;
    }
    if (message.type === 'hello') this.#events.state({ phase: 'open' });
    if (message.type === 'pong' && message.id === this.#ping.id) {
      const roundTrip = performance.now() - this.#ping.sentAt;
      this.#silence.measured(roundTrip);
      this.#events.roundTrip(roundTrip);
    }
    this.#events.message(message);
  }

  #look(): void {
    const { act, nextMs } = this.#silence.look(clocks(), document.hidden);
    if (act === 'drop') return this.#lost(1006, true);
    if (act === 'ping') {
      this.#ping = { id: this.#ping.id + 1, sentAt: performance.now() };
      this.send({ type: 'ping', id: this.#ping.id });
    }
    this.#pulse.start(nextMs, () => this.#look());
  }

  #lost(code: number, silent: boolean): void {
    const now = performance.now();
    const lastedMs = this.#openedAt === null ? null : now - this.#openedAt;
    this.#drop();
    if (code === 4401) return this.stop('signed-out');
    if (code === 4403) return this.stop('forbidden');
    const wait = this.#comeback.wait({ code, lastedMs, silent }, now);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.connect();
    }, wait);
    const lostAt = silent ? this.#silence.heardAt : now;
    this.#events.state({ phase: 'waiting', retryAt: now + wait, lostAt });
    if (lastedMs === null) this.#events.refused();
  }

  #cancelRetry(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
  }

  #drop(): void {
    this.#pulse.stop();
    this.#openedAt = null;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
