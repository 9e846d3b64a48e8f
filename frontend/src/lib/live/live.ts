// The store of this page, wired to its address, its history and the login page.
import type { HostDocument, RecentDocument } from '../api/api';
import { readRecent, readSession } from '../api/client';
import { here, href, navigate, route } from '../router.svelte';
import { historyOf } from './history';
import { LiveStore } from './store.svelte';

/** Leads to the login page and back to where the viewer is now. */
export function askToSignIn(): void {
  live.stop('signed-out');
  if (route().page !== 'login') navigate(href('login', { next: here() }), { replace: true });
}

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
    const [kind, host, rest] = topic.split('/');
    if (kind === 'host' && host && rest === undefined)
      historyOf(host).push(document as unknown as HostDocument);
  },
});

/** Whether an answer is what it should be: a proxy may answer in the server's place. */
function isRecent(value: Partial<RecentDocument> | null): value is RecentDocument {
  const parts = [value?.cpu, value?.memory, value?.network, value?.disks];
  return parts.every((part) => Array.isArray(part?.times_ms));
}

/** Fetches the past of a host's charts; without it they begin now, which is no error to show. */
export async function fillHistory(host: string): Promise<void> {
  const answer = await readRecent(host);
  if (answer.ok && isRecent(answer.value)) historyOf(host).fill(answer.value);
}

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
