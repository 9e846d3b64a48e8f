// What the page holds of one topic, and how a frame changes it. Plain state: the store publishes it.
import type { ErrorCode, Topic } from '../api/api';
import type { Message } from './decode';
import { applyPatch, type Document } from './patch';

/** What a page sees of a topic. */
export interface TopicView<D> {
  /** Null until the first frame came. */
  readonly document: D | null;
  readonly serverTimeMs: number;
  /** Why the server does not send it. */
  readonly refused: ErrorCode | null;
  /** It was there, and is no more; the last document stays. */
  readonly gone: boolean;
}

export const NO_VIEW: TopicView<never> = { document: null, serverTimeMs: 0, refused: null, gone: false };

/** A server honours one resync a second and topic. */
const RESYNC_MS = 1000;

export class HeldTopic {
  readers = 0;
  /** Whether the server was told to send it. */
  subscribed = false;
  /** Frames since the subscription began. */
  frames = 0;
  #document: Document | null = null;
  #seq = 0;
  #serverTimeMs = 0;
  #refused: ErrorCode | null = null;
  #gone = false;
  #resyncAskedAt: number | null = null;
  #view: TopicView<Document> | null = null;

  constructor(readonly topic: Topic) {}

  get document(): Document | null {
    return this.#document;
  }

  /** Whether asking for it again is of use now. */
  get available(): boolean {
    return this.#refused === null && !this.#gone;
  }

  /** The same object as long as nothing changed. */
  view(): TopicView<Document> {
    this.#view ??= {
      document: this.#document,
      serverTimeMs: this.#serverTimeMs,
      refused: this.#refused,
      gone: this.#gone,
    };
    return this.#view;
  }

  refuse(why: ErrorCode | 'gone'): void {
    this.subscribed = false;
    if (why === 'gone') this.#gone = true;
    else this.#refused = why;
    this.#view = null;
  }

  /** A refusal may be over: ask again at the next occasion. */
  forgive(): void {
    this.#refused = null;
    this.#gone = false;
    this.#view = null;
  }

  /** Forgets that anything was asked of the server: the connection is a new one. */
  disconnected(): void {
    this.subscribed = false;
    this.#resyncAskedAt = null;
    this.forgive();
  }

  /** Takes a frame. `resync` means that frames are missing and a full one must be asked for. */
  take(frame: Message & { type: 'full' | 'patch' }, now: number): 'applied' | 'ignored' | 'resync' {
    if (frame.type === 'full') {
      this.#document = frame.data;
      this.#resyncAskedAt = null;
    } else {
      const fits = this.#document !== null && this.#resyncAskedAt === null && frame.seq === this.#seq + 1;
      const next = fits && this.#document ? applyPatch(this.#document, frame.patch) : null;
      if (!next) {
        if (this.#resyncAskedAt !== null && now - this.#resyncAskedAt < RESYNC_MS) return 'ignored';
        this.#resyncAskedAt = now;
        return 'resync';
      }
      this.#document = next;
    }
    this.#seq = frame.seq;
    this.#serverTimeMs = frame.serverTimeMs;
    this.frames += 1;
    this.forgive();
    return 'applied';
  }
}
