import { describe, expect, it } from 'vitest';
import type { RecentDocument } from '../../src/lib/api/api';
import { HostHistory } from '../../src/lib/live/history';
import { cpu, hostDocument, memory, section } from '../documents';

const recent = (times: number[], busy: RecentDocument['cpu']['busy_percent']): RecentDocument => ({
  host: 'gpu-1',
  cpu: { times_ms: times, busy_percent: busy, iowait_percent: busy },
  memory: { times_ms: [], used_percent: [], swap_percent: [] },
  network: { times_ms: [], received_bytes_per_second: [], sent_bytes_per_second: [] },
  disks: { times_ms: [], read_bytes_per_second: [], written_bytes_per_second: [] },
  gpus: [],
});

function seen(history: HostHistory, at: number, busy: number): void {
  const usage = {
    busy_percent: busy,
    user_percent: busy,
    system_percent: 0,
    iowait_percent: 0,
    steal_percent: 0,
    guest_percent: 0,
  };
  history.push(
    hostDocument({
      cpu: section({ ...cpu, usage }, { taken_at_ms: at }),
      memory: section(memory, { taken_at_ms: at + 3 }),
    }),
  );
}

describe('HostHistory', () => {
  it('keeps CPU and memory at the times at which each was read', () => {
    const history = new HostHistory();
    seen(history, 1000, 5);
    expect(history.cpu).toEqual({ times: [1000], values: [[5], [0]] });
    expect(history.memory).toEqual({ times: [1003], values: [[40], [null]] });
  });

  it('keeps network and disks, by the server and by what came since, absent as a gap', () => {
    const history = new HostHistory();
    const past = recent([], []);
    history.fill({
      ...past,
      network: {
        times_ms: [1000],
        received_bytes_per_second: [{ absent: 'measuring' }],
        sent_bytes_per_second: [1],
      },
      disks: { times_ms: [1000], read_bytes_per_second: [3], written_bytes_per_second: [4] },
    });
    const network = {
      interfaces: [],
      left_out: 0,
      primary: { absent: 'not_supported' as const },
      received_bytes_per_second: 10,
      sent_bytes_per_second: 20,
      received_bytes_total: 0,
      sent_bytes_total: 0,
    };
    const disks = {
      rows: [],
      left_out: 0,
      read_bytes_per_second: 30,
      written_bytes_per_second: { absent: 'measuring' as const },
      pressure: { absent: 'not_supported' as const },
    };
    history.push(
      hostDocument({
        network: section(network, { taken_at_ms: 2000 }),
        disks: section(disks, { taken_at_ms: 2001 }),
      }),
    );
    expect(history.network).toEqual({ times: [1000, 2000], values: [[null, 10], [1, 20]] }); // prettier-ignore
    expect(history.disks).toEqual({ times: [1000, 2001], values: [[3, 30], [4, null]] }); // prettier-ignore
    history.push(hostDocument());
    expect(history.disks.times).toHaveLength(2);
  });

  it('puts the past of the server before what was seen here, which holds where both know', () => {
    const history = new HostHistory();
    seen(history, 3000, 30);
    history.fill(recent([1000, 2000, 3000], [10, { absent: 'measuring' }, 99]));
    seen(history, 4000, 40);
    expect(history.cpu.times).toEqual([1000, 2000, 3000, 4000]);
    expect(history.cpu.values[0]).toEqual([10, null, 30, 40]);
  });

  it('closes a gap of ours with what the server knows', () => {
    const history = new HostHistory();
    seen(history, 1000, 10);
    seen(history, 61_000, 70);
    expect(history.cpu.values[0]).toEqual([10, null, 70]);
    const times = [11_000, 21_000, 31_000, 41_000, 51_000];
    history.fill(recent([...times, 61_000], [20, 30, 40, 50, 60, 70]));
    expect(history.cpu.values[0]).toEqual([10, 20, 30, 40, 50, 60, 70]);
  });

  it('keeps a gap that the server does not know to fill either', () => {
    const history = new HostHistory();
    seen(history, 1000, 10);
    seen(history, 61_000, 70);
    history.fill(recent([], []));
    expect(history.cpu.values[0]).toEqual([10, null, 70]);
  });
});
