// How a component reads a topic: subscribed while the component lives.
import { untrack } from 'svelte';
import { live } from './live';
import type { TopicView } from './topic';
import type { TopicOf } from './topics';

/** Call while a component is created. Reading `.current` follows the topic as it changes. */
export function useTopic<D>(topic: () => TopicOf<D>): { readonly current: TopicView<D> } {
  const name = $derived(topic());
  $effect(() => {
    const wanted = name;
    return untrack(() => live.acquire(wanted));
  });
  return {
    get current() {
      return live.view(name);
    },
  };
}
