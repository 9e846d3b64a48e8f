// The store of this page, wired to its address and the login page.
import { readSession } from '../api/client';
import { here, href, navigate, route } from '../router.svelte';
import type { Document } from './patch';
import { LiveStore } from './store.svelte';

/** Leads to the login page and back to where the viewer is now. */
export function askToSignIn(): void {
  live.stop('signed-out');
  if (route().page !== 'login') navigate(href('login', { next: here() }), { replace: true });
}

/** Who remembers what documents said, and is loaded later, is told of each here. */
export const documentKeepers: ((topic: string, document: Document) => void)[] = [];

export const live = new LiveStore({
  url() {
    const url = new URL('ws?encoding=deflate', document.baseURI);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return url;
  },
  reload: () => location.reload(),
  refused() {
    void readSession().then((answer) => {
      const stranger = answer.ok ? answer.value.role === null : answer.code === 'unauthorized';
      if (stranger) askToSignIn();
    });
  },
  onDocument(topic, document) {
    for (const keep of documentKeepers) keep(topic, document);
  },
});

/** Listens to what the browser knows of network and visibility. */
export function watchBrowser(): () => void {
  const onVisibility = () => live.onVisibility(document.hidden);
  const onBack = () => live.retry();
  document.addEventListener('visibilitychange', onVisibility);
  window.addEventListener('online', onBack);
  window.addEventListener('focus', onBack);
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    window.removeEventListener('online', onBack);
    window.removeEventListener('focus', onBack);
  };
}
