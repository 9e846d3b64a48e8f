import { describe, expect, it } from 'vitest';
import { TABS, tabsFor } from '../src/pages/Host/tabs';

describe('the tabs of a host', () => {
  it('stand in the order of the design', () => {
    const order = ['overview', 'gpus', 'processes', 'storage', 'network', 'sensors', 'users', 'health'];
    const ids = TABS.map(({ id }) => id);
    expect(ids).toEqual(order.filter((id) => ids.includes(id)));
  });

  it('are offered to those who may see something there', () => {
    const guest = tabsFor('guest').map(({ id }) => id);
    expect(guest).toContain('storage');
    expect(guest).not.toContain('processes');
    expect(tabsFor(null).map(({ id }) => id)).toEqual(guest);
    expect(tabsFor('member')).toEqual(TABS);
    expect(tabsFor('admin')).toEqual(TABS);
  });

  it('have keys of their own, and none that the page uses', () => {
    const keys = TABS.flatMap(({ shortcut }) => shortcut ?? []);
    expect(new Set([...keys, '?', 't', 'p', 'r', ',', '/']).size).toBe(keys.length + 6);
  });

  it.each(TABS.map((tab) => [tab.id, tab] as const))('can be fetched: %s', async (_, tab) => {
    expect((await tab.load()).default).toBeTypeOf('function');
  });
});
