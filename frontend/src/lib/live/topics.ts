// Names of topics and the document behind each.
import type { HostDocument, OverviewDocument, ProcessesDocument, Topic } from '../api/api';

declare const documentOf: unique symbol;

/** A topic that knows the type of its document. */
export type TopicOf<D> = Topic & { readonly [documentOf]?: D };

export const overviewTopic: TopicOf<OverviewDocument> = 'overview';

export const hostTopic = (host: string): TopicOf<HostDocument> => `host/${host}`;

export const processesTopic = (host: string): TopicOf<ProcessesDocument> => `host/${host}/processes`;
