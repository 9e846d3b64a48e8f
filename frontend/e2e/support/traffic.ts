// What goes over a page's socket and what it asks for by HTTP, in words a test can read.
import { inflateRawSync } from 'node:zlib';
import type { Page } from '@playwright/test';

export interface Message {
  readonly type: string;
  readonly topic?: string;
  readonly seq?: number;
  readonly data?: unknown;
  readonly patch?: unknown;
}

/** A message as the protocol writes it: text, or the raw deflate of that text. */
export function read(payload: string | Buffer): Message {
  const text = typeof payload === 'string' ? payload : inflateRawSync(payload).toString('utf8');
  return JSON.parse(text) as Message;
}

export class Traffic {
  readonly sent: Message[] = [];
  readonly received: Message[] = [];
  readonly requests: string[] = [];
  readonly sockets: string[] = [];
  /** Bytes of all payloads received. */
  bytes = 0;

  constructor(page: Page) {
    page.on('request', (request) => this.requests.push(request.url()));
    page.on('websocket', (socket) => {
      this.sockets.push(socket.url());
      socket.on('framesent', ({ payload }) => this.sent.push(read(payload)));
      socket.on('framereceived', ({ payload }) => {
        this.bytes += payload.length;
        this.received.push(read(payload));
      });
    });
  }

  /** Frames with data, of one topic or of all. */
  frames(topic?: string): number {
    return this.received.filter(
      (message) =>
        (message.type === 'full' || message.type === 'patch') &&
        (topic === undefined || message.topic === topic),
    ).length;
  }

  countSent(type: string): number {
    return this.sent.filter((message) => message.type === type).length;
  }
}
