// The patience with a silent connection, on a clock of the test.
import { beforeEach, describe, expect, it } from 'vitest';
import { Silence } from '../../src/lib/live/silence';

let now: number;
let slept: number;
let silence: Silence;

const look = (hidden = false) => silence.look({ monotonic: now, wall: now + slept }, hidden);
const open = () => silence.opened({ monotonic: now, wall: now + slept });

/** Runs as timers would, saying nothing; what was done, and when, until it drops or `until`. */
function run(until: number, hidden = false): string[] {
  const done: string[] = [];
  const end = now + until;
  const begun = now;
  for (;;) {
    const { act, nextMs } = look(hidden);
    if (act !== 'nothing') done.push(`${act} ${String(now - begun)}`);
    if (act === 'drop' || now + nextMs > end) return done;
    now += nextMs;
  }
}

/** A connection that is heard each second, for so long. */
function lively(seconds: number): void {
  for (let second = 0; second < seconds; second += 1) {
    now += 1000;
    silence.heard(now);
    look();
  }
}

/** A connection that is dropped for silence; how long that took. */
function dropped(): number {
  const begun = now;
  open();
  expect(run(60_000).at(-1)).toMatch(/^drop/);
  return now - begun;
}

beforeEach(() => {
  now = 5000;
  slept = 0;
  silence = new Silence();
  open();
});

describe('silence', () => {
  it('is asked about after 2 s, and given up after 3.5 s', () => {
    lively(15);
    expect(run(60_000)).toEqual(['ping 2000', 'drop 3500']);
  });

  it('is counted from what was heard last, whatever it was', () => {
    lively(15);
    now += 1999;
    silence.heard(now);
    expect(run(60_000).at(-1)).toBe('drop 3500');
  });

  it('that follows a routine ping is not given up sooner', () => {
    lively(10);
    now += 900;
    silence.heard(now);
    now += 100;
    expect(look().act).toBe('ping'); // the tenth second since the last
    now -= 100;
    expect(run(60_000).at(-1)).toBe('drop 3500');
  });

  it('ends with an answer', () => {
    lively(15);
    expect(run(3000)).toEqual(['ping 2000']);
    silence.heard(now);
    expect(run(60_000).at(-1)).toMatch(/^drop/);
  });
});

describe('patience', () => {
  it('doubles with each connection given up, to half a minute', () => {
    expect([1, 2, 3, 4, 5, 6].map(dropped)).toEqual([3500, 7000, 14_000, 28_000, 30_000, 30_000]);
  });

  it('is as at first once a connection lasted a minute', () => {
    [1, 2, 3].forEach(dropped);
    open();
    lively(55);
    expect(run(3600)).toEqual(['ping 2000']);
    silence.heard(now);
    lively(10);
    expect(run(60_000).at(-1)).toBe('drop 3500');
    expect(dropped()).toBe(7000);
  });

  it('grows with a slow link, so that an answer has time to come', () => {
    silence.measured(2000);
    expect(dropped()).toBe(6000);
  });

  it('is large while nobody looks', () => {
    lively(15);
    expect(run(60_000, true)).toEqual(['ping 6000', 'drop 30000']); // the routine one
  });

  it('asks before it gives up when the page is seen again', () => {
    lively(15);
    now += 4000;
    expect(look(true).act).toBe('nothing');
    expect(look(false).act).toBe('ping');
    expect(run(60_000)).toEqual(['drop 1500']);
  });
});

describe('a clock that jumps', () => {
  it('is no silence: it asks anew', () => {
    lively(15);
    run(2100);
    now += 3_600_000;
    expect(look()).toEqual({ act: 'ping', nextMs: 1500 });
    expect(run(60_000)).toEqual(['drop 1500']);
  });

  it('is noticed where only the wall clock went on', () => {
    lively(15);
    run(2100);
    slept = 3_600_000;
    now += 1500;
    expect(look().act).toBe('ping');
  });

  it('by a little is none', () => {
    lively(15);
    run(2100);
    now += 2500;
    expect(look().act).toBe('drop');
  });
});

it('asks a lively connection for the round trip: soon, then every ten seconds', () => {
  const pings: number[] = [];
  const begun = now;
  for (let at = 0; at < 25_000; at += 100) {
    now = begun + at;
    silence.heard(now);
    if (look().act === 'ping') pings.push(at);
  }
  expect(pings).toEqual([1000, 11_000, 21_000]);
});
