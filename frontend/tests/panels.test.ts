import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { thresholds } from '../src/lib/model/thresholds.svelte';
import { freezeAges } from '../src/lib/model/time.svelte';
import HostHeader from '../src/pages/Host/HostHeader.svelte';
import CpuPanel from '../src/panels/cpu/CpuPanel.svelte';
import { usageParts } from '../src/panels/cpu/usage';
import MemoryPanel from '../src/panels/memory/MemoryPanel.svelte';
import { memoryParts } from '../src/panels/memory/parts';
import HostFacts from '../src/panels/system/HostFacts.svelte';
import SourcesPanel from '../src/panels/sources/SourcesPanel.svelte';
import { NOW, cpu, hostDocument, memory, section, source } from './documents';

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
    expect(text(container)).toContain('3 of 900 threads runnable');
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

  it('leads to the sources when one has a problem', () => {
    const problem = { reason: 'malformed' as const, since_ms: NOW };
    render(HostHeader, {
      host: 'gpu-1',
      document: hostDocument({ sources: [source('cpu', problem)] }),
      gone: false,
    });
    expect(screen.getByRole('button', { name: '1 source has a problem' })).toBeInTheDocument();
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
});

describe('SourcesPanel', () => {
  it('says what is wrong, since when, and what to do', async () => {
    const problem = { reason: 'not_responding' as const, since_ms: NOW - 120_000 };
    const { container } = render(SourcesPanel, { sources: [source('cpu'), source('memory', problem)] });
    expect(text(container)).toContain('1 source has a problem');
    await userEvent.click(screen.getByText('Sources'));
    const row = screen.getByRole('row', { name: /^memory/ });
    expect(text(row)).toContain('not responding: stuck in the kernel or a driver, since 2 min');
    expect(text(row)).toContain('Look at dmesg');
    expect(text(screen.getByRole('row', { name: /^cpu/ }))).toContain('well12 ms1 s ago1000');
  });
});
