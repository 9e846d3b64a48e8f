import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Answer } from '../src/lib/api/client';
import { Poll } from '../src/lib/poll.svelte';

const failed: Answer<number> = { ok: false, code: 'unreachable', message: '', retryAfterSeconds: null };
const ask = vi.fn<(signal: AbortSignal) => Promise<Answer<number>>>();
let poll: Poll<number>;
let stop: () => void;

const wait = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const hide = (hidden: boolean) => {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange'));
};

beforeEach(() => {
  vi.useFakeTimers();
  ask.mockReset();
  let n = 0;
  ask.mockImplementation(() => Promise.resolve({ ok: true, value: (n += 1) }));
  poll = new Poll(ask, 3000);
  stop = poll.start();
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

describe('Poll', () => {
  it('asks at once, and again after each answer', async () => {
    await wait(0);
    expect(poll.value).toBe(1);
    await wait(2999);
    expect(poll.value).toBe(1);
    await wait(1);
    expect(poll.value).toBe(2);
  });

  it('keeps the last value when it fails, and forgets the failure when it does not', async () => {
    await wait(0);
    ask.mockResolvedValueOnce(failed);
    await wait(3000);
    expect([poll.value, poll.failure]).toEqual([1, failed]);
    await wait(3000);
    expect([poll.value, poll.failure]).toEqual([2, null]);
  });

  it('asks nothing while hidden, and at once when seen again', async () => {
    await wait(0);
    hide(true);
    await wait(60_000);
    expect(ask).toHaveBeenCalledOnce();
    hide(false);
    await wait(0);
    expect(poll.value).toBe(2);
  });

  it('gives an answer up that does not come', async () => {
    await wait(0);
    ask.mockImplementationOnce(
      (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(failed))),
    );
    await wait(3000 + 9999);
    expect(poll.failure).toBeNull();
    await wait(1);
    expect(poll.failure).toEqual(failed);
  });

  it('ends, and takes nothing that comes later', async () => {
    await wait(0);
    let answer: (value: Answer<number>) => void = () => undefined;
    ask.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    await wait(3000);
    stop();
    expect(ask.mock.lastCall?.[0].aborted).toBe(true);
    stop = poll.start();
    await wait(0);
    answer({ ok: true, value: 99 });
    await wait(0);
    expect(poll.value).toBe(2);
    stop();
    await wait(60_000);
    expect(ask).toHaveBeenCalledTimes(3);
  });
});
