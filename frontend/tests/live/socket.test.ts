import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveSocket, type SocketEvents } from '../../src/lib/live/socket';
import { FakeSocket, useFakeSocket } from '../fake-socket';
import { hello } from '../hello';

let events: { [K in keyof SocketEvents]: ReturnType<typeof vi.fn<SocketEvents[K]>> };
let socket: LiveSocket;

const phases = () => events.state.mock.calls.map(([state]) => state.phase);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5); // the middle of the jitter
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

  it('comes back after a loss, each time later, up to 15 s', async () => {
    socket.connect();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const before = FakeSocket.all.length;
      const from = performance.now();
      FakeSocket.last.drop();
      while (FakeSocket.all.length === before) await vi.advanceTimersByTimeAsync(100);
      waits.push(performance.now() - from);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
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
    const server = await connected();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.sent).toEqual([{ type: 'ping', id: 1 }]);
    await vi.advanceTimersByTimeAsync(12);
    await server.say({ type: 'pong', id: 1, server_time_ms: 5 });
    expect(events.roundTrip).toHaveBeenCalledExactlyOnceWith(12);
  });

  it('gives up a connection that is silent for more than 30 s', async () => {
    await connected();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(phases().at(-1)).toBe('open');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(phases()).toContain('waiting');
    await vi.advanceTimersByTimeAsync(500);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('gives up an address that does not answer', async () => {
    socket.connect();
    await vi.advanceTimersByTimeAsync(10_500);
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
    socket.connect();
    FakeSocket.last.drop();
    await vi.advanceTimersByTimeAsync(500);
    FakeSocket.last.open();
    await FakeSocket.last.say({ type: 'hello', ...hello() });
    FakeSocket.last.drop();
    await vi.advanceTimersByTimeAsync(999);
    expect(FakeSocket.all).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.all).toHaveLength(3);
  });

  it('counts what it does not understand', async () => {
    await (await connected()).say({ type: 'weather' });
    expect(events.unknown).toHaveBeenCalledOnce();
  });
});
