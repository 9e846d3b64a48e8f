import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Hello } from '../../src/lib/api/api';
import { LiveStore } from '../../src/lib/live/store.svelte';
import { FakeSocket, useFakeSocket } from '../fake-socket';
import { hello } from '../hello';

const settings = {
  url: () => new URL('ws://host/ws'),
  reload: vi.fn(),
  refused: vi.fn(),
  onDocument: vi.fn(),
};
let store: LiveStore;

const topics = (type: string) =>
  FakeSocket.last.sent.filter((each) => each.type === type).map((each) => each.topic);
const frameTime = () => vi.advanceTimersByTimeAsync(50);

async function welcome(changes: Partial<Hello> = {}): Promise<void> {
  FakeSocket.last.open();
  await FakeSocket.last.say({ type: 'hello', ...hello(changes) });
}
async function full(topic: string, seq: number, data: unknown): Promise<void> {
  await FakeSocket.last.say({ type: 'full', topic, seq, server_time_ms: 1_000_000 + seq, data });
}
async function patch(topic: string, seq: number, replace: unknown): Promise<void> {
  await FakeSocket.last.say({
    type: 'patch',
    topic,
    seq,
    server_time_ms: 1_000_000 + seq,
    patch: { replace, tables: {} },
  });
}

beforeEach(async () => {
  vi.useFakeTimers();
  useFakeSocket();
  vi.clearAllMocks();
  store = new LiveStore(settings);
  store.connect();
});

afterEach(() => {
  store.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('subscriptions', () => {
  it('are sent after the hello, once for all readers of a topic', async () => {
    store.acquire('host/a');
    store.acquire('host/a');
    expect(FakeSocket.last.sent).toEqual([]);
    await welcome();
    expect(topics('subscribe')).toEqual(['host/a']);
  });

  it('end with the last reader, not when another takes over', async () => {
    await welcome();
    const first = store.acquire('host/a');
    first();
    const second = store.acquire('host/a');
    await vi.advanceTimersByTimeAsync(1);
    expect(topics('unsubscribe')).toEqual([]);
    second();
    await vi.advanceTimersByTimeAsync(1);
    expect(topics('unsubscribe')).toEqual(['host/a']);
  });

  it('are made again on a new connection', async () => {
    await welcome();
    store.acquire('host/a');
    await full('host/a', 7, { n: 7 });
    FakeSocket.last.drop();
    await vi.advanceTimersByTimeAsync(1000);
    await welcome();
    expect(topics('subscribe')).toEqual(['host/a']);
    await frameTime();
    expect(store.view('host/a').document).toEqual({ n: 7 }); // kept until the new one comes
    await full('host/a', 1, { n: 1 }); // the server restarted: its numbers start anew
    await frameTime();
    expect(store.view('host/a').document).toEqual({ n: 1 });
  });
});

describe('frames', () => {
  it('are shown once per animation frame, with the newest document', async () => {
    await welcome();
    store.acquire('host/a');
    const views = vi.spyOn(window, 'requestAnimationFrame');
    await frameTime();
    views.mockClear();
    await full('host/a', 1, { n: 1, kept: true });
    await patch('host/a', 2, { n: 2 });
    await patch('host/a', 3, { n: 3 });
    expect(views).toHaveBeenCalledOnce();
    expect(store.view('host/a').document).toBeNull();
    await frameTime();
    expect(store.view('host/a').document).toEqual({ n: 3, kept: true });
    expect(settings.onDocument).toHaveBeenCalledTimes(3);
  });

  it('that do not continue are dropped and a full one is asked for, at most once a second', async () => {
    await welcome();
    store.acquire('host/a');
    await full('host/a', 1, { n: 1 });
    await patch('host/a', 3, { n: 3 });
    await patch('host/a', 4, { n: 4 });
    await frameTime();
    expect(store.view('host/a').document).toEqual({ n: 1 });
    expect(topics('resync')).toEqual(['host/a']);
    await vi.advanceTimersByTimeAsync(1000);
    await patch('host/a', 5, { n: 5 });
    expect(topics('resync')).toEqual(['host/a', 'host/a']);
    await full('host/a', 6, { n: 6 });
    await patch('host/a', 7, { n: 7 });
    await frameTime();
    expect(store.view('host/a').document).toEqual({ n: 7 });
  });

  it('keep the view object of topics that did not change', async () => {
    await welcome();
    store.acquire('host/a');
    store.acquire('host/b');
    await full('host/a', 1, { n: 1 });
    await full('host/b', 1, { n: 1 });
    await frameTime();
    const before = store.view('host/b');
    await patch('host/a', 2, { n: 2 });
    await frameTime();
    expect(store.view('host/b')).toBe(before);
  });

  it('are applied but not shown while hidden; after a minute nothing is asked for', async () => {
    await welcome();
    store.acquire('host/a');
    await full('host/a', 1, { n: 1 });
    await frameTime();
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    store.onVisibility(true);
    await patch('host/a', 2, { n: 2 });
    await frameTime();
    expect(store.view('host/a').document).toEqual({ n: 1 });
    for (let id = 1; id <= 6; id += 1) {
      await vi.advanceTimersByTimeAsync(10_000);
      await FakeSocket.last.say({ type: 'pong', id, server_time_ms: 1_000_000 });
    }
    expect(topics('unsubscribe')).toEqual(['host/a']);
    hidden.mockReturnValue(false);
    store.onVisibility(false);
    expect(topics('subscribe')).toEqual(['host/a', 'host/a']);
    await frameTime();
    expect(store.view('host/a').document).toEqual({ n: 2 });
  });
});

describe('refusals', () => {
  it('are shown and not asked for again on this connection', async () => {
    await welcome();
    store.acquire('host/x');
    await FakeSocket.last.say({ type: 'error', code: 'not_found', topic: 'host/x' });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(store.view('host/x').refused).toBe('not_found');
    expect(topics('subscribe')).toEqual(['host/x']);
  });

  it('for the moment are asked for again', async () => {
    await welcome();
    store.acquire('host/x');
    await FakeSocket.last.say({ type: 'error', code: 'unavailable', topic: 'host/x' });
    await vi.advanceTimersByTimeAsync(5000);
    expect(topics('subscribe')).toEqual(['host/x', 'host/x']);
  });

  it('of a host that went keep its last document', async () => {
    await welcome();
    store.acquire('host/a');
    await full('host/a', 1, { n: 1 });
    await FakeSocket.last.say({ type: 'gone', topic: 'host/a' });
    await frameTime();
    expect(store.view('host/a')).toMatchObject({ gone: true, document: { n: 1 } });
  });
});

describe('pause', () => {
  beforeEach(async () => {
    await welcome();
    store.acquire('host/a');
    await full('host/a', 1, { n: 1 });
    store.pause(true);
  });

  it('asks for nothing, however long, and ignores what still comes', async () => {
    expect(topics('unsubscribe')).toEqual(['host/a']);
    await patch('host/a', 2, { n: 2 });
    await vi.advanceTimersByTimeAsync(25_000);
    expect(topics('subscribe')).toEqual(['host/a']);
    expect(store.view('host/a').document).toEqual({ n: 1 });
    expect(FakeSocket.last.sent.filter((each) => each.type !== 'ping')).toHaveLength(2);
  });

  it('refreshes once: until values newer than the subscription came', async () => {
    store.refreshOnce();
    store.refreshOnce();
    expect(topics('subscribe')).toEqual(['host/a', 'host/a']);
    await full('host/a', 5, { n: 5 });
    expect(store.refreshing).toBe(true);
    await patch('host/a', 6, { n: 6 });
    expect(store.refreshing).toBe(false);
    expect(topics('unsubscribe')).toEqual(['host/a', 'host/a']);
    await frameTime();
    expect(store.view('host/a').document).toEqual({ n: 6 });
  });

  it('gives a refresh up after 5 s', async () => {
    store.refreshOnce();
    await vi.advanceTimersByTimeAsync(5000);
    expect(store.refreshing).toBe(false);
    expect(topics('unsubscribe')).toEqual(['host/a', 'host/a']);
  });

  it('ends', () => {
    store.pause(false);
    expect(topics('subscribe')).toEqual(['host/a', 'host/a']);
  });
});

describe('a hello on a later connection', () => {
  async function again(changes: Partial<Hello>): Promise<void> {
    await welcome();
    FakeSocket.last.drop();
    await vi.advanceTimersByTimeAsync(1000);
    await welcome(changes);
  }

  it('offers a newer page', async () => {
    await again({ page: 'page-2' });
    expect(store.newVersion).toBe(true);
    expect(settings.reload).not.toHaveBeenCalled();
  });

  it('reloads for other settings', async () => {
    await again({ config_revision: 'config-2' });
    expect(settings.reload).toHaveBeenCalledOnce();
  });

  it('does neither if nothing changed', async () => {
    await again({});
    expect(store.newVersion).toBe(false);
    expect(settings.reload).not.toHaveBeenCalled();
  });
});
