// Which topics the page reads and which of them the server was told to send. Counts readers; knows
// nothing of time, visibility or the socket's state.
import type { ClientMessage, Topic } from '../api/api';
import type { Document } from './patch';
import { HeldTopic, type TopicView } from './topic';

export class Subscriptions {
  readonly #topics = new Map<Topic, HeldTopic>();

  get(topic: Topic): HeldTopic | undefined {
    return this.#topics.get(topic);
  }

  /** Counts a reader in; the caller counts it out again. */
  open(topic: Topic): HeldTopic {
    const held = this.#topics.get(topic) ?? new HeldTopic(topic);
    this.#topics.set(topic, held);
    held.readers += 1;
    return held;
  }

  /**
   * Tells the server what changed: everything that has a reader is wanted if `awake`, and nothing
   * else is. Returns whether anything is due from now on.
   */
  sync(awake: boolean, send: (message: ClientMessage) => void): boolean {
    let due = false;
    for (const held of this.#topics.values()) {
      const want = awake && held.readers > 0 && held.available;
      if (want && !held.subscribed) {
        held.frames = 0;
        send({ type: 'subscribe', topic: held.topic });
      } else if (!want && held.subscribed) {
        send({ type: 'unsubscribe', topic: held.topic });
      }
      held.subscribed = want;
      due ||= want;
    }
    return due;
  }

  /** Drops what nobody reads any more; what comes back starts with a full document anyway. */
  sweep(): void {
    for (const held of this.#topics.values()) {
      if (held.readers === 0 && !held.subscribed) this.#topics.delete(held.topic);
    }
  }

  disconnected(): void {
    for (const held of this.#topics.values()) held.disconnected();
  }

  /** Whether every subscription brought a frame that was made after it began. */
  allRenewed(): boolean {
    // The first frame may be the last one of an earlier viewer; the second was read for this one.
    return [...this.#topics.values()].every((held) => !held.subscribed || held.frames > 1);
  }

  views(): ReadonlyMap<Topic, TopicView<Document>> {
    return new Map([...this.#topics].map(([topic, held]) => [topic, held.view()]));
  }
}
