// The edge of the page: text from the server becomes a typed message here, or is not used at all.
// Checks the envelope (what the page steers by); documents are trusted to be what the topic says.
import type { ErrorCode, Hello, Patch, Topic } from '../api/api';
import type { Document } from './patch';

export type Message =
  | { readonly type: 'hello'; readonly hello: Hello }
  | {
      readonly type: 'full';
      readonly topic: Topic;
      readonly seq: number;
      readonly serverTimeMs: number;
      readonly data: Document;
    }
  | {
      readonly type: 'patch';
      readonly topic: Topic;
      readonly seq: number;
      readonly serverTimeMs: number;
      readonly patch: Patch;
    }
  | { readonly type: 'gone'; readonly topic: Topic }
  | { readonly type: 'error'; readonly code: ErrorCode; readonly topic: Topic | null }
  | { readonly type: 'pong'; readonly id: number; readonly serverTimeMs: number };

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);

/** The message, or null for what this page does not know: newer servers may say more. */
export function decode(text: string): Message | null {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(message)) return null;
  switch (message.type) {
    case 'hello':
      return isHello(message) ? { type: 'hello', hello: message as unknown as Hello } : null;
    case 'full':
    case 'patch':
      return decodeFrame(message);
    case 'gone':
      return isText(message.topic) ? { type: 'gone', topic: message.topic } : null;
    case 'error':
      if (!isText(message.code) || !isTextOrNull(message.topic)) return null;
      return { type: 'error', code: message.code as ErrorCode, topic: message.topic };
    case 'pong':
      if (!isNumber(message.id) || !isNumber(message.server_time_ms)) return null;
      return { type: 'pong', id: message.id, serverTimeMs: message.server_time_ms };
    default:
      return null;
  }
}

function isHello(message: Fields): boolean {
  return (
    isNumber(message.protocol) &&
    isText(message.version) &&
    isText(message.page) &&
    isText(message.config_revision) &&
    isNumber(message.server_time_ms) &&
    isText(message.mode) &&
    isText(message.role) &&
    isText(message.site_name) &&
    isTextOrNull(message.host) &&
    isNumber(message.interval_ms)
  );
}

function decodeFrame(message: Fields): Message | null {
  const { topic, seq, server_time_ms: serverTimeMs } = message;
  if (!isText(topic) || !isNumber(seq) || !isNumber(serverTimeMs)) return null;
  if (message.type === 'full') {
    return isObject(message.data) ? { type: 'full', topic, seq, serverTimeMs, data: message.data } : null;
  }
  const patch = message.patch;
  if (!isObject(patch) || !isObject(patch.replace) || !isObject(patch.tables)) return null;
  for (const table of Object.values(patch.tables)) {
    if (!isObject(table) || !Array.isArray(table.changed) || !Array.isArray(table.dropped)) return null;
    if (!table.changed.every((row) => isObject(row) && isText(row.key))) return null;
  }
  return { type: 'patch', topic, seq, serverTimeMs, patch: patch as unknown as Patch };
}
