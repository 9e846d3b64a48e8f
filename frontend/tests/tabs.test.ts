import { describe, expect, it } from 'vitest';
import type { Containers, HostDocument } from '../src/lib/api/api';
import { TABS, tabsFor } from '../src/pages/Host/tabs';
import { container, engine } from './container-documents';
import { NOW, hostDocument, section, unread } from './documents';

describe('the tabs of a host', () => {
  it('stand in the order of the design', () => {
    const order = [
      'overview',
      'gpus',
      'processes',
      'storage',
      'network',
      'sensors',
      'containers',
      'users',
      'health',
    ];
    const ids = TABS.map(({ id }) => id);
    expect(ids).toEqual(order.filter((id) => ids.includes(id)));
  });

  const ids = (...args: Parameters<typeof tabsFor>) => tabsFor(...args).map(({ id }) => id);
  const everything = hostDocument({ containers: section({ engines: [engine], rows: [], left_out: 0 }) });

  it('are offered to those who may see something there', () => {
    const guest = ids('guest', everything);
    expect(guest).toContain('storage');
    expect(guest).not.toContain('processes');
    expect(guest).not.toContain('containers');
    expect(ids(null, everything)).toEqual(guest);
    expect(tabsFor('member', everything)).toEqual(TABS);
    expect(tabsFor('admin', everything)).toEqual(TABS);
  });

  it('leave containers out where there is nothing to say of them', () => {
    const offered = (containers: HostDocument['containers'], open: string | null = null) =>
      ids('member', hostDocument({ containers }), open).includes('containers');
    const none = { engines: [], rows: [], left_out: 0 };
    expect(ids('member', null)).not.toContain('containers');
    expect(offered(unread())).toBe(false);
    expect(offered(section(none))).toBe(false);
    expect(offered(section<Containers>({ ...none, rows: [container('train')] }))).toBe(true);
    const problem = { reason: 'permission_denied', since_ms: NOW } as const;
    expect(offered({ ...unread(), problem })).toBe(true);
    // The last one that went does not take the reader's view away.
    expect(offered(section(none), 'containers')).toBe(true);
  });

  it('have keys of their own, and none that the page uses', () => {
    const keys = TABS.flatMap(({ shortcut }) => shortcut ?? []);
    expect(new Set([...keys, '?', 't', 'p', 'r', ',', '/']).size).toBe(keys.length + 6);
  });

  it.each(TABS.map((tab) => [tab.id, tab] as const))('can be fetched: %s', async (_, tab) => {
    expect((await tab.load()).default).toBeTypeOf('function');
  });
});
