// The past of a host's charts: what comes live is remembered from the moment that the first page of a host
// is loaded, and what was before is fetched from the server.
import type { HostDocument, RecentDocument } from '../api/api';
import { readRecent } from '../api/client';
import { historyOf } from './history';
import { documentKeepers } from './live';

documentKeepers.push((topic, document) => {
  const [kind, host, rest] = topic.split('/');
  if (kind === 'host' && host && rest === undefined)
    historyOf(host).push(document as unknown as HostDocument);
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
