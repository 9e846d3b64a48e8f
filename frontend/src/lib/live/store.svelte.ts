// The live data of the page: topics that somebody on the page reads are subscribed to, frames are
// applied as they come, and what changed is shown once per animation frame. The one owner of the
// socket. Documents are replaced, never mutated.
import type { Hello, Topic } from '../api/api';
import { freezeAges, serverClock, tick } from '../model/time.svelte';
import type { Message } from './decode';
import type { Document } from './patch';
import { LiveSocket, type SocketState } from './socket';
import { HeldTopic, NO_VIEW, type TopicView } from './topic';
import type { TopicOf } from './topics';

export interface StoreSettings {
  url(): URL;
  /** The page of this server is another one than before, in a way that matters now. */
  reload(): void;
  /** The upgrade was refused. */
  refused(): void;
  /** Every document as it comes, also while the page is hidden. */
  onDocument(topic: Topic, document: Document): void;
}

/** A tab in the background for so long stops asking. */
const SLEEP_MS = 60_000;
/** How long "refresh once" waits for values that are newer than those of the last subscription. */
const REFRESH_MS = 5000;
/** Before a topic that was refused for the moment is asked for again. */
const RETRY_MS = 5000;

export class LiveStore {
  socket = $state.raw<SocketState>({ phase: 'connecting' });
  hello = $state.raw<Hello | null>(null);
  paused = $state.raw(false);
  refreshing = $state.raw(false);
  /** A newer page is at the server. */
  newVersion = $state.raw(false);
  roundTripMs = $state.raw<number | null>(null);
  /** When the newest frame came, or was first waited for (performance clock); null while nothing is due. */
  lastFrameAt = $state.raw<number | null>(null);
  /** Server's time of the newest frame shown. */
  newestMs = $state.raw<number | null>(null);
  /** Messages that this page did not understand. */
  unknown = 0;

  #views = $state.raw<ReadonlyMap<Topic, TopicView<Document>>>(new Map());
  readonly #topics = new Map<Topic, HeldTopic>();
  readonly #settings: StoreSettings;
  readonly #socket: LiveSocket;
  #asleep = false;
  #frame: number | null = null;
  #heardAt: number | null = null;
  #sleepTimer: ReturnType<typeof setTimeout> | undefined;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: StoreSettings) {
    this.#settings = settings;
    this.#socket = new LiveSocket(settings.url, {
      state: (state) => this.#onState(state),
      message: (message) => this.#onMessage(message),
      unknown: () => (this.unknown += 1),
      roundTrip: (milliseconds) => (this.roundTripMs = milliseconds),
      refused: () => settings.refused(),
    });
  }

  connect(): void {
    this.#socket.connect();
  }

  stop(why?: 'signed-out' | 'forbidden'): void {
    this.#socket.stop(why);
  }

  view<D>(topic: TopicOf<D>): TopicView<D> {
    return (this.#views.get(topic) as TopicView<D> | undefined) ?? NO_VIEW;
  }

  /** Wants a topic until the returned function is called. */
  acquire(topic: Topic): () => void {
    const held = this.#topics.get(topic) ?? new HeldTopic(topic);
    this.#topics.set(topic, held);
    held.readers += 1;
    // Opening a view while paused asks for it as plainly as the button does.
    if (this.paused && !held.document) this.refreshOnce();
    this.#sync();
    return () => {
      held.readers -= 1;
      // Later, because the next view of the same page often wants the same topic.
      setTimeout(() => this.#sync(), 0);
    };
  }

  pause(paused: boolean): void {
    this.paused = paused;
    clearTimeout(this.#refreshTimer);
    this.refreshing = false;
    freezeAges(paused ? this.newestMs : null);
    this.#sync();
  }

  /** While paused: asks for each topic on the page until newer values came, then stops again. */
  refreshOnce(): void {
    if (!this.paused || this.refreshing) return;
    this.refreshing = true;
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = setTimeout(() => this.#endRefresh(), REFRESH_MS);
    this.#sync();
  }

  onVisibility(hidden: boolean): void {
    clearTimeout(this.#sleepTimer);
    if (hidden) {
      this.#sleepTimer = setTimeout(() => {
        this.#asleep = true;
        this.#sync();
      }, SLEEP_MS);
      return;
    }
    this.#asleep = false;
    this.#socket.nudge();
    this.#sync();
    this.#publishSoon();
  }

  /** Try now: the network is back, or somebody pressed "now". */
  retry(): void {
    this.#socket.nudge();
  }

  #wants(held: HeldTopic): boolean {
    const awake = !this.#asleep && (!this.paused || this.refreshing);
    return held.readers > 0 && awake && held.available;
  }

  #sync(): void {
    if (this.socket.phase !== 'open') return;
    let due = false;
    for (const held of this.#topics.values()) {
      const want = this.#wants(held);
      if (want && !held.subscribed) {
        held.frames = 0;
        this.#socket.send({ type: 'subscribe', topic: held.topic });
      } else if (!want && held.subscribed) {
        this.#socket.send({ type: 'unsubscribe', topic: held.topic });
      }
      held.subscribed = want;
      due ||= want;
      if (held.readers === 0) {
        this.#topics.delete(held.topic);
        this.#publishSoon();
      }
    }
    // Silence is measured from when data was first due.
    if (!due) this.#heardAt = null;
    else this.#heardAt ??= performance.now();
    this.lastFrameAt = this.#heardAt;
  }

  #onState(state: SocketState): void {
    if (state.phase !== 'open') for (const held of this.#topics.values()) held.disconnected();
    this.#heardAt = null;
    this.lastFrameAt = null;
    this.socket = state;
    this.#sync();
  }

  #onMessage(message: Message): void {
    switch (message.type) {
      case 'hello':
        this.#onHello(message.hello);
        break;
      case 'full':
      case 'patch':
        this.#onFrame(message);
        break;
      case 'gone':
      case 'error':
        this.#onRefusal(message);
        break;
      case 'pong':
        serverClock.observe(message.serverTimeMs);
    }
  }

  #onHello(hello: Hello): void {
    const before = this.hello;
    serverClock.observe(hello.server_time_ms);
    tick();
    if (before && before.config_revision !== hello.config_revision) this.#settings.reload();
    if (before && before.page !== hello.page) this.newVersion = true;
    this.hello = hello;
  }

  #onFrame(frame: Message & { type: 'full' | 'patch' }): void {
    const held = this.#topics.get(frame.topic);
    if (!held?.subscribed) return;
    serverClock.observe(frame.serverTimeMs);
    const now = performance.now();
    this.#heardAt = now;
    const outcome = held.take(frame, now);
    if (outcome === 'resync') this.#socket.send({ type: 'resync', topic: frame.topic });
    if (outcome !== 'applied') return;
    if (held.document) this.#settings.onDocument(frame.topic, held.document);
    this.#publishSoon();
    // The first frame may be the last one of an earlier viewer; the second was read for this one.
    if (
      this.refreshing &&
      [...this.#topics.values()].every((each) => !this.#wants(each) || each.frames > 1)
    ) {
      this.#endRefresh();
    }
  }

  #onRefusal(message: Message & { type: 'gone' | 'error' }): void {
    const held = message.topic === null ? undefined : this.#topics.get(message.topic);
    if (!held) return;
    held.refuse(message.type === 'gone' ? 'gone' : message.code);
    if (message.type === 'error' && (message.code === 'unavailable' || message.code === 'too_many')) {
      clearTimeout(this.#retryTimer);
      this.#retryTimer = setTimeout(() => {
        held.forgive();
        this.#sync();
      }, RETRY_MS);
    }
    this.#publishSoon();
  }

  #endRefresh(): void {
    clearTimeout(this.#refreshTimer);
    this.refreshing = false;
    this.#sync();
  }

  #publishSoon(): void {
    if (document.hidden) return;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#publish();
    });
  }

  #publish(): void {
    const views = new Map<Topic, TopicView<Document>>();
    for (const [topic, held] of this.#topics) views.set(topic, held.view());
    this.#views = views;
    const shown = [...views.values()].filter((view) => view.document !== null);
    if (shown.length > 0) this.newestMs = Math.max(...shown.map((view) => view.serverTimeMs));
    this.lastFrameAt = this.#heardAt;
    if (this.paused) freezeAges(this.newestMs);
    tick();
  }
}
