// One WebSocket that stays: connects, notices silence, comes back. Knows messages, not topics.
import type { ClientMessage } from '../api/api';
import { backoff } from './backoff';
import { decode, type Message } from './decode';
import { Inflater } from './inflate';

export type SocketState =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'open' }
  /** Lost; the next attempt is at `retryAt` (performance clock). */
  | { readonly phase: 'waiting'; readonly retryAt: number }
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

const PING_MS = 10_000;
/** Longer than two pings: a server that says nothing for so long is not there. */
const SILENCE_MS = 30_000;
/** Browsers wait minutes for an address that does not answer. */
const CONNECT_MS = 10_000;

export class LiveSocket {
  #socket: WebSocket | null = null;
  #attempt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;
  #lastHeard = 0;
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
    let opened = false;
    const mine = () => this.#socket === socket;
    this.#pulse = setInterval(() => this.#lost(1006, false), CONNECT_MS);
    socket.onopen = () => {
      opened = true;
      this.#lastHeard = performance.now();
      clearInterval(this.#pulse);
      this.#pulse = setInterval(() => this.#beat(), PING_MS);
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.#lastHeard = performance.now();
      const deliver = (text: string) => {
        if (mine()) this.#receive(text);
      };
      inflater.push(data, deliver, () => mine() && this.#events.unknown());
    };
    socket.onclose = ({ code }) => {
      if (mine()) this.#lost(code, opened);
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
      if (this.#socket.readyState === WebSocket.OPEN) this.#beat();
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
      // Only a connection that lasted starts the waits anew: one that is closed right after its
      // hello must not be retried in a hurry for ever.
      this.#attempt = 0;
      this.#events.roundTrip(performance.now() - this.#ping.sentAt);
    }
    this.#events.message(message);
  }

  #beat(): void {
    if (performance.now() - this.#lastHeard > SILENCE_MS) {
      this.#lost(1006, true);
      return;
    }
    this.#ping = { id: this.#ping.id + 1, sentAt: performance.now() };
    this.send({ type: 'ping', id: this.#ping.id });
  }

  #lost(code: number, opened: boolean): void {
    this.#drop();
    if (code === 4401) return this.stop('signed-out');
    if (code === 4403) return this.stop('forbidden');
    const wait = backoff(this.#attempt);
    this.#attempt += 1;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.connect();
    }, wait);
    this.#events.state({ phase: 'waiting', retryAt: performance.now() + wait });
    if (!opened) this.#events.refused();
  }

  #cancelRetry(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
  }

  #drop(): void {
    clearInterval(this.#pulse);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
