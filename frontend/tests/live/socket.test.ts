import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveSocket, type SocketEvents } from '../../src/lib/live/socket';
import { FakeSocket, useFakeSocket } from '../fake-socket';
import { hello } from '../hello';

let events: { [K in keyof SocketEvents]: ReturnType<typeof vi.fn<SocketEvents[K]>> };
let socket: LiveSocket;

const phases = () => events.state.mock.calls.map(([state]) => state.phase);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1); // the longest waits
  useFakeSocket();
  events = { state: vi.fn(), message: vi.fn(), unknown: vi.fn(), roundTrip: vi.fn(), refused: vi.fn() };
  socket = new LiveSocket(() => new URL('ws://host/ws'), events);
});

afterEach(() => {
  socket.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function connected(): Promise<FakeSocket> {
  socket.connect();
  FakeSocket.last.open();
  await FakeSocket.last.say({ type: 'hello', ...hello() });
  return FakeSocket.last;
}

describe('LiveSocket', () => {
  it('is open once the server said hello', async () => {
    await connected();
    expect(phases()).toEqual(['connecting', 'open']);
    expect(events.message).toHaveBeenCalledOnce();
  });

  /** Loses each connection as soon as it is tried; how long it took until the next try. */
  async function waits(times: number): Promise<number[]> {
    const found: number[] = [];
    for (let attempt = 0; attempt < times; attempt += 1) {
      const before = FakeSocket.all.length;
      const from = performance.now();
      FakeSocket.last.drop();
      while (FakeSocket.all.length === before) await vi.advanceTimersByTimeAsync(50);
      found.push(performance.now() - from);
    }
    return found;
  }

  it('comes back after a loss, each time later, in the first minute at most 4 s, then 15 s', async () => {
    socket.connect();
    const found = await waits(24);
    expect(found.slice(0, 6)).toEqual([500, 1000, 2000, 4000, 4000, 4000]);
    expect(found.slice(-3)).toEqual([15_000, 15_000, 15_000]);
  });

  it.each([1001, 1006, 1012])('comes back almost at once after %i, once', async (code) => {
    (await connected()).drop(code);
    await vi.advanceTimersByTimeAsync(300);
    expect(FakeSocket.all).toHaveLength(2);
    expect(await waits(3)).toEqual([500, 1000, 2000]);
  });

  it('spreads those that were lost together', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    (await connected()).drop(1001);
    await vi.advanceTimersByTimeAsync(149);
    expect(FakeSocket.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('does not hurry when the server turned it away', async () => {
    (await connected()).drop(1013);
    await vi.advanceTimersByTimeAsync(499);
    expect(FakeSocket.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('asks why when the upgrade itself failed, and only then', async () => {
    socket.connect();
    FakeSocket.last.drop();
    expect(events.refused).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(500);
    FakeSocket.last.open();
    FakeSocket.last.drop();
    expect(events.refused).toHaveBeenCalledOnce();
  });

  it.each([
    [4401, 'signed-out'],
    [4403, 'forbidden'],
  ])('does not come back after %i', async (code, why) => {
    (await connected()).drop(code);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(events.state).toHaveBeenLastCalledWith({ phase: 'closed', why });
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('measures the round trip', async () => {
    FakeSocket.answers = false;
    const server = await connected();
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.sent).toEqual([{ type: 'ping', id: 1 }]);
    await vi.advanceTimersByTimeAsync(12);
    await server.say({ type: 'pong', id: 1, server_time_ms: 5 });
    expect(events.roundTrip).toHaveBeenCalledExactlyOnceWith(12);
  });

  it('gives up a silent connection after 3.5 s, and connects anew at once', async () => {
    FakeSocket.answers = false;
    await connected();
    const heard = performance.now();
    await vi.advanceTimersByTimeAsync(3499);
    expect(phases().at(-1)).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(events.state).toHaveBeenLastCalledWith({
      phase: 'waiting',
      retryAt: heard + 3800,
      lostAt: heard,
    });
    await vi.advanceTimersByTimeAsync(300);
    expect(FakeSocket.all).toHaveLength(2);
    expect(events.refused).not.toHaveBeenCalled();
  });

  it('is more patient with the next one', async () => {
    FakeSocket.answers = false;
    await connected();
    await vi.advanceTimersByTimeAsync(3800);
    FakeSocket.last.open();
    await FakeSocket.last.say({ type: 'hello', ...hello() });
    await vi.advanceTimersByTimeAsync(6999);
    expect(phases().at(-1)).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(phases().at(-1)).toBe('waiting');
  });

  it('keeps a connection that answers, however little it says', async () => {
    const server = await connected();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(phases().at(-1)).toBe('open');
    expect(server.sent.length).toBeGreaterThan(50);
  });

  it('keeps a connection through a sleep', async () => {
    FakeSocket.answers = false;
    const server = await connected();
    await vi.advanceTimersByTimeAsync(2500);
    server.sent = [];
    // The clock runs on, the timers do not.
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1400);
    expect(server.sent).toMatchObject([{ type: 'ping' }]);
    await server.say({ type: 'pong', id: server.sent[0]?.id, server_time_ms: 5 });
    await vi.advanceTimersByTimeAsync(1900);
    expect(phases().at(-1)).toBe('open');
  });

  it('gives up an address that does not answer, but not early', async () => {
    socket.connect();
    await vi.advanceTimersByTimeAsync(9999);
    expect(phases()).toEqual(['connecting']);
    await vi.advanceTimersByTimeAsync(501);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('tries at once when nudged while it waits, and does not connect twice', async () => {
    socket.connect();
    FakeSocket.last.drop();
    socket.nudge();
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.open();
    await vi.advanceTimersByTimeAsync(5000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('starts the waits anew only after a connection that lasted', async () => {
    const server = await connected();
    server.drop();
    await vi.advanceTimersByTimeAsync(300);
    FakeSocket.last.open();
    await FakeSocket.last.say({ type: 'hello', ...hello() });
    expect(await waits(1)).toEqual([500]);
    FakeSocket.last.open();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await waits(2)).toEqual([300, 500]);
  });

  it('counts what it does not understand', async () => {
    await (await connected()).say({ type: 'weather' });
    expect(events.unknown).toHaveBeenCalledOnce();
  });
});
