// What the store needs from outside, and its times.
import type { Topic } from '../api/api';
import type { Document } from './patch';

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
export const SLEEP_MS = 60_000;
/** How long "refresh once" waits for values that are newer than those of the last subscription. */
export const REFRESH_MS = 5000;
/** Before a topic that was refused for the moment is asked for again. */
export const RETRY_MS = 5000;
