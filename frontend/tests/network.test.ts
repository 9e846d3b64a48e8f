import { render, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostDocument, Interface, Network, Sockets, Traffic } from '../src/lib/api/api';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { historyOf } from '../src/lib/live/history';
import { freezeAges } from '../src/lib/model/time.svelte';
import { navigate } from '../src/lib/router.svelte';
import NetworkTab from '../src/pages/Host/NetworkTab.svelte';
import NetworkPanel from '../src/panels/network/NetworkPanel.svelte';
import { NOW, hostDocument, section } from './documents';

const NBSP = '\u00a0';
const text = (element: Element) => element.textContent.replace(/[\s\u00a0]+/g, ' ');

const traffic = (bytes: number, changes: Partial<Traffic> = {}): Traffic => ({
  bytes_total: bytes * 1000,
  packets_total: 123_456,
  errors_total: 0,
  dropped_total: 0,
  bytes_per_second: bytes,
  packets_per_second: 1200.4,
  errors_per_second: 0,
  dropped_per_second: 0,
  ...changes,
});

const card = (key: string, changes: Partial<Interface> = {}): Interface => ({
  key,
  kind: 'card',
  real: true,
  state: 'up',
  mac_address: 'aa:bb:cc:dd:ee:ff',
  mtu_bytes: 1500,
  speed_bits_per_second: 10e9,
  full_duplex: true,
  addresses: [
    { address: '10.1.2.3', prefix_length: 16 },
    { address: 'fe80::1', prefix_length: 64 },
  ],
  received: traffic(150e6),
  sent: traffic(10e6),
  ...changes,
});

const loopback = card('lo', {
  kind: 'loopback',
  real: false,
  state: 'unknown',
  mac_address: { absent: 'not_supported' },
  speed_bits_per_second: { absent: 'not_supported' },
});

const network = (interfaces: Interface[], changes: Partial<Network> = {}): Network => ({
  interfaces,
  left_out: 0,
  primary: { interface: 'eth0', address: '10.1.2.3', mac_address: 'aa:bb:cc:dd:ee:ff' },
  received_bytes_per_second: 150e6,
  sent_bytes_per_second: 10e6,
  received_bytes_total: 5e12,
  sent_bytes_total: 1e12,
  ...changes,
});

const sockets: Sockets = {
  tcp: {
    established: 90,
    syn_sent: 0,
    syn_received: 0,
    fin_wait_1: 2,
    fin_wait_2: 0,
    time_wait: 6,
    close: 0,
    close_wait: 0,
    last_ack: 0,
    listen: 2,
    closing: 0,
  },
  tcp_in_use: 92,
  tcp_orphaned: 1,
  tcp_time_wait: 6,
  tcp_memory_bytes: 1024 ** 2,
  udp_in_use: 7,
};

const host = (value: Network, changes: Partial<HostDocument> = {}) =>
  hostDocument({ network: section(value), sockets: section(sockets), ...changes });

beforeEach(async () => {
  await setLanguage('en');
  freezeAges(NOW);
  navigate('/host/gpu-1?tab=network', { replace: true });
});
afterEach(() => setLanguage('en'));

describe('NetworkPanel', () => {
  it('shows what passes now and each real interface with its address', () => {
    const { container } = render(NetworkPanel, { document: host(network([card('eth0'), loopback])) });
    expect(text(container)).toContain('received 1.2 Gbit/s');
    expect(text(container)).toContain('sent 80.0 Mbit/s');
    expect(screen.getAllByRole('listitem')).toHaveLength(1);
    expect(text(screen.getByRole('listitem'))).toMatch(/^eth0 up 10.0 Gbit\/s ↓ 1.2 Gbit\/s ↑ 80.0 Mbit\/s/);
    expect(screen.getByRole('button', { name: 'Copy MAC address' })).toBeInTheDocument();
    expect(screen.getByText('10.1.2.3')).toBeInTheDocument();
  });

  it('draws the ten minutes in bits', () => {
    const document = host(network([card('eth0')]));
    historyOf('gpu-1').push(document);
    render(NetworkPanel, { document });
    expect(screen.getByRole('img', { name: /^received: / })).toHaveAccessibleName(
      `received: lowest 1.2${NBSP}Gbit/s, highest 1.2${NBSP}Gbit/s, now 1.2${NBSP}Gbit/s`,
    );
  });

  it('names losses only where there are any, and marks those that go on', () => {
    const clean = render(NetworkPanel, { document: host(network([card('eth0')])) });
    expect(text(clean.container)).not.toMatch(/Errors|Drops/);
    clean.unmount();
    const row = card('eth0', {
      received: traffic(1, { errors_total: 12, dropped_total: 3, dropped_per_second: 0.5 }),
    });
    const { container } = render(NetworkPanel, { document: host(network([row])) });
    expect(text(container)).toContain('Errors 12');
    expect(screen.getByText(/Drops/)).toHaveClass('now');
    expect(text(screen.getByText(/Drops/))).toBe('Drops 3 · 0.5/s');
    expect(screen.getByText(/Errors/)).not.toHaveClass('now');
  });

  it('says why there is nothing, and why an address is not there', () => {
    const guest = card('eth0', { addresses: { absent: 'hidden' }, mac_address: { absent: 'hidden' } });
    const hidden = network([guest], { primary: { absent: 'hidden' } });
    render(NetworkPanel, { document: host(hidden) }).unmount();
    const { container } = render(NetworkPanel, { document: host(hidden) });
    expect(within(container).getByTitle('hidden: your role may not see it')).toBeInTheDocument();
    expect(container.querySelector('code')).toBeNull();
    const nothing = render(NetworkPanel, { document: hostDocument() });
    expect(nothing.container.querySelector('strong')).toHaveTextContent(/^–/);
  });

  it('greys what is old', () => {
    const old = { network: section(network([card('eth0')]), { taken_at_ms: NOW - 42_000 }) };
    const { container } = render(NetworkPanel, { document: host(network([]), old) });
    expect(text(container)).toContain('stale 42 s');
    expect(container.querySelector('.old')).not.toBeNull();
  });

  it('leaves many interfaces to the tab', () => {
    const many = Array.from({ length: 9 }, (_, at) => card(`eth${String(at)}`));
    const { container } = render(NetworkPanel, { document: host(network(many)) });
    expect(screen.getAllByRole('listitem')).toHaveLength(4);
    expect(text(container)).toContain('5 more');
  });
});

describe('NetworkTab', () => {
  const table = () => screen.getByLabelText('Interfaces', { selector: '[role=grid]' });
  const shown = () =>
    within(table())
      .getAllByRole('row')
      .slice(1)
      .map((row) => row.dataset['key']);
  const open = (value: Network) => render(NetworkTab, { host: 'gpu-1', document: host(value) });

  it('holds the others back until they are asked for, or a filter looks for them', async () => {
    const user = userEvent.setup();
    open(network([card('eth0'), loopback]));
    expect(shown()).toEqual(['eth0']);
    await user.click(screen.getByRole('checkbox', { name: 'Others (1)' }));
    expect(shown()).toEqual(['eth0', 'lo']);
    expect(location.search).toContain('others=1');
    await user.click(screen.getByRole('checkbox', { name: 'Others (1)' }));
    await user.type(screen.getByRole('searchbox'), 'kind:loop');
    expect(shown()).toEqual(['lo']);
  });

  it('shows all where none is real', () => {
    open(network([loopback]));
    expect(shown()).toEqual(['lo']);
    expect(screen.queryByRole('checkbox', { name: /^Others/ })).toBeNull();
  });

  it('opens an interface with all its addresses', async () => {
    open(network([card('eth0')]));
    await userEvent.click(within(table()).getByText('eth0'));
    const dialog = screen.getByRole('dialog', { name: 'eth0' });
    expect(text(dialog)).toContain('fe80::1/64');
    expect(text(dialog)).toContain('full duplex');
  });

  it('counts sockets by state, always all of them: nothing may move', () => {
    const { container } = open(network([card('eth0')]));
    const names = [...container.querySelectorAll('dl dt')].map((each) => each.textContent);
    expect(names).toContain('close wait');
    expect(names).toContain('FIN wait 1');
    expect(names).toHaveLength(5 + 11);
    expect(screen.getByRole('img', { name: /^established/ })).toHaveAccessibleName(
      `established, of all 90${NBSP}%`,
    );
  });

  it('says why sockets were not counted', () => {
    const busy = section({ ...sockets, tcp: { absent: 'out_of_resources' as const } });
    render(NetworkTab, { host: 'gpu-1', document: host(network([]), { sockets: busy }) });
    expect(screen.getByTitle('the machine is out of memory or file handles')).toBeInTheDocument();
  });

  it('speaks Chinese', async () => {
    await setLanguage('zh-CN');
    const { container } = open(network([card('eth0')]));
    expect(text(container)).toContain('已连接');
    expect(text(container)).toContain('已建立');
  });
});
