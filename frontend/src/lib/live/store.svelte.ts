// The live data of the page: topics that somebody on the page reads are subscribed to, frames applied as
// they come, changes shown once per animation frame. Owns the socket. Documents are replaced, not mutated.
import type { Hello, Topic } from '../api/api';
import { freezeAges, serverClock, tick } from '../model/time.svelte';
import type { Message } from './decode';
import type { Document } from './patch';
import { LiveSocket, type SocketState } from './socket';
import { PerFrame, Timer } from './schedule';
import { REFRESH_MS, RETRY_MS, SLEEP_MS, type StoreSettings } from './settings';
import { Outage, type Lost } from './outage';
import { Subscriptions } from './subscriptions';
import { NO_VIEW, type TopicView } from './topic';
import type { TopicOf } from './topics';

export class LiveStore {
  socket = $state.raw<SocketState>({ phase: 'connecting' });
  lost = $state.raw<Lost | null>(null); // while there is no connection, and has not been for a moment
  hello = $state.raw<Hello | null>(null);
  paused = $state.raw(false);
  refreshing = $state.raw(false);
  newVersion = $state.raw(false);
  roundTripMs = $state.raw<number | null>(null);
  /** When the newest frame came, or was first waited for (performance clock); null while nothing is due. */
  lastFrameAt = $state.raw<number | null>(null);
  newestMs = $state.raw<number | null>(null); // server's time of the newest frame shown
  unknown = 0; // messages that this page did not understand

  #views = $state.raw<ReadonlyMap<Topic, TopicView<Document>>>(new Map());
  readonly #topics = new Subscriptions();
  readonly #settings: StoreSettings;
  readonly #socket: LiveSocket;
  #asleep = false;
  #heardAt: number | null = null;
  readonly #sleepTimer = new Timer();
  readonly #refreshTimer = new Timer();
  readonly #retryTimer = new Timer();
  readonly #outage = new Outage((lost) => (this.lost = lost));
  readonly #screen = new PerFrame(() => this.#publish());

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
    this.hello = this.newestMs = null; // what comes next may be another viewer
  }

  view<D>(topic: TopicOf<D>): TopicView<D> {
    return (this.#views.get(topic) as TopicView<D> | undefined) ?? NO_VIEW;
  }

  /** Wants a topic until the returned function is called. */
  acquire(topic: Topic): () => void {
    const held = this.#topics.open(topic);
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
    this.#refreshTimer.stop();
    this.refreshing = false;
    freezeAges(paused ? this.newestMs : null);
    this.#sync();
  }

  /** While paused: asks for each topic on the page until newer values came, then stops again. */
  refreshOnce(): void {
    if (!this.paused || this.refreshing) return;
    this.refreshing = true;
    this.#refreshTimer.start(REFRESH_MS, () => this.#endRefresh());
    this.#sync();
  }

  onVisibility(hidden: boolean): void {
    this.#sleepTimer.stop();
    if (hidden) {
      this.#sleepTimer.start(SLEEP_MS, () => {
        this.#asleep = true;
        this.#sync();
      });
      return;
    }
    this.#asleep = false;
    this.#socket.nudge();
    this.#sync();
    this.#screen.request();
  }

  /** Try now: the network is back, or somebody pressed "now". */
  retry(): void {
    this.#socket.nudge();
  }

  #sync(): void {
    if (this.socket.phase !== 'open') return;
    const awake = !this.#asleep && (!this.paused || this.refreshing);
    const due = this.#topics.sync(awake, (message) => this.#socket.send(message));
    this.#topics.sweep();
    // Silence is measured from when data was first due.
    if (!due) this.#heardAt = null;
    else this.#heardAt ??= performance.now();
    this.lastFrameAt = this.#heardAt;
    this.#screen.request();
  }

  #onState(state: SocketState): void {
    if (state.phase !== 'open') this.#topics.disconnected();
    this.#heardAt = this.lastFrameAt = null;
    this.#outage.onState(state);
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
      case 'pong':
        serverClock.observe(message.serverTimeMs);
        break;
      default:
        this.#onRefusal(message);
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
    this.#heardAt = performance.now();
    const outcome = held.take(frame, this.#heardAt);
    if (outcome === 'resync') this.#socket.send({ type: 'resync', topic: frame.topic });
    if (outcome !== 'applied') return;
    if (held.document) this.#settings.onDocument(frame.topic, held.document);
    this.#screen.request();
    if (this.refreshing && this.#topics.allRenewed()) this.#endRefresh();
  }

  #onRefusal(message: Message & { type: 'gone' | 'error' }): void {
    const held = message.topic === null ? undefined : this.#topics.get(message.topic);
    if (!held) return;
    held.refuse(message.type === 'gone' ? 'gone' : message.code);
    if (message.type === 'error' && (message.code === 'unavailable' || message.code === 'too_many')) {
      this.#retryTimer.start(RETRY_MS, () => {
        held.forgive();
        this.#sync();
      });
    }
    this.#screen.request();
  }

  #endRefresh(): void {
    this.#refreshTimer.stop();
    this.refreshing = false;
    this.#sync();
  }

  #publish(): void {
    this.#views = this.#topics.views();
    const shown = [...this.#views.values()].filter((view) => view.document !== null);
    if (shown.length > 0) this.newestMs = Math.max(...shown.map((view) => view.serverTimeMs));
    this.lastFrameAt = this.#heardAt;
    if (this.paused) freezeAges(this.newestMs);
    tick();
  }
}
