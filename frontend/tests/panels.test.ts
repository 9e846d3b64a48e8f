import { render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { live } from '../src/lib/live/live';
import { thresholds } from '../src/lib/model/thresholds.svelte';
import { freezeAges } from '../src/lib/model/time.svelte';
import HostHeader from '../src/pages/Host/HostHeader.svelte';
import CpuPanel from '../src/panels/cpu/CpuPanel.svelte';
import { usageParts } from '../src/panels/cpu/usage';
import MemoryPanel from '../src/panels/memory/MemoryPanel.svelte';
import { memoryParts } from '../src/panels/memory/parts';
import HostFacts from '../src/panels/system/HostFacts.svelte';
import { NOW, cpu, hostDocument, memory, section } from './documents';
import { hello } from './hello';

beforeEach(async () => {
  await setLanguage('en');
  freezeAges(NOW);
  thresholds.reset();
});

const text = (container: Element) => container.textContent.replace(/\s+/g, ' ');

describe('CpuPanel', () => {
  it('shows use, its parts, and a dash for what is absent', () => {
    const { container } = render(CpuPanel, { document: hostDocument() });
    expect(text(container)).toContain('38 %');
    expect(text(container)).toContain('user 30 %');
    expect(text(container)).toContain('3 of 900 runnable');
    expect(screen.getAllByTitle('not supported by this machine or kernel')).toHaveLength(2);
  });

  it('shows no number while measuring', () => {
    const document = hostDocument({ cpu: section({ ...cpu, usage: { absent: 'measuring' as const } }) });
    const { container } = render(CpuPanel, { document });
    expect(container.querySelector('.number')).toHaveTextContent(/^–/);
    expect(container.querySelector('.number')?.textContent).not.toMatch(/\d/);
  });

  it('is uncoloured when high, unless asked for', () => {
    const busy = {
      busy_percent: 99,
      user_percent: 99,
      system_percent: 0,
      iowait_percent: 0,
      steal_percent: 0,
      guest_percent: 0,
    };
    const document = hostDocument({ cpu: section({ ...cpu, usage: busy }) });
    thresholds.value = { ...thresholds.value, averaged: false };
    const { container } = render(CpuPanel, { document });
    expect(container.querySelector('.level.critical')).not.toHaveClass('colour');
  });

  it('names steal and guest only where there is any', () => {
    const usage = {
      busy_percent: 9,
      user_percent: 5,
      system_percent: 1,
      iowait_percent: 0,
      steal_percent: 0,
      guest_percent: 3,
    };
    expect(usageParts(usage).map((each) => each.label)).toEqual(['user', 'system', 'guest', 'I/O wait']);
  });
});

describe('MemoryPanel', () => {
  it('shows used, cache and free, which add up', () => {
    const { container } = render(MemoryPanel, { document: hostDocument() });
    expect(text(container)).toContain('40 % 40.0 / 100 GiB');
    expect(text(container)).toContain('cache 50.0 GiB');
    expect(text(container)).toContain('Swap none set up');
    expect(memoryParts(memory).reduce((sum, each) => sum + each.percent, 0)).toBeCloseTo(100);
  });

  it('adds up also without the estimate of old kernels', () => {
    const parts = memoryParts({ ...memory, available_bytes: { absent: 'not_supported' } });
    expect(parts.reduce((sum, each) => sum + each.bytes, 0)).toBe(memory.total_bytes);
    expect(memoryParts(null)).toEqual([]);
  });

  it('is stale with its age when the section is old', () => {
    const document = hostDocument({ memory: section(memory, { taken_at_ms: NOW - 42_000 }) });
    const { container } = render(MemoryPanel, { document });
    expect(text(container)).toContain('stale 42 s');
    expect(text(container)).toContain('40 %');
  });
});

describe('HostHeader', () => {
  it.each([
    ['up', hostDocument(), 'up'],
    ['stale', hostDocument({ cpu: section(cpu, { taken_at_ms: NOW - 9000 }) }), 'stale 9 s'],
    ['unknown', null, 'unknown'],
  ])('%s', (_, document, word) => {
    const { container } = render(HostHeader, { host: 'gpu-1', document, gone: false });
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('gpu-1');
    expect(text(container)).toContain(word);
  });

  it('says that a host is no longer monitored', () => {
    const { container } = render(HostHeader, { host: 'gpu-1', document: hostDocument(), gone: true });
    expect(text(container)).toContain('no longer monitored');
  });
});

describe('HostFacts', () => {
  it('names system, kernel, load and processors', () => {
    const { container } = render(HostFacts, { document: hostDocument() });
    expect(text(container)).toContain('Ubuntu 24.04.2 LTS');
    expect(text(container)).toContain('load 1.50 1.00 0.50');
    expect(text(container)).toContain('EPYC 7763, 2 sockets · 4 cores · 8 threads');
  });

  it('names the address and that the clock is kept right, where these are known', () => {
    const before = render(HostFacts, { document: hostDocument() });
    expect(text(before.container)).not.toMatch(/clock|eth0/);
    before.unmount();
    const { container } = render(HostFacts, {
      document: hostDocument({
        network: section({
          interfaces: [],
          left_out: 0,
          primary: { interface: 'eth0', address: '10.1.2.3', mac_address: { absent: 'hidden' } },
          received_bytes_per_second: 0,
          sent_bytes_per_second: 0,
          received_bytes_total: 0,
          sent_bytes_total: 0,
        }),
        clock: section({
          synchronised: true,
          offset_seconds: 0,
          estimated_error_seconds: 0,
          maximum_error_seconds: 0,
        }),
      }),
    });
    expect(text(container)).toMatch(/10.1.2.3 \(eth0\) ?clock in sync/);
  });

  it('stops the uptime while nobody knows whether the machine still runs', async () => {
    const { container } = render(HostFacts, { document: hostDocument() });
    expect(text(container)).toContain('up 01:00:00');
    live.hello = hello();
    live.lost = { at: NOW - 60_000, long: true };
    live.newestMs = NOW - 60_000;
    freezeAges(NOW + 60_000);
    await tick();
    expect(text(container)).toContain('up 00:59:00');
    live.lost = live.hello = null;
    await tick();
    expect(text(container)).toContain('up 01:01:00');
  });
});
