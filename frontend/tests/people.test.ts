import { render, screen, within } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GpuUser } from '../src/lib/api/api';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { cardList } from '../src/lib/model/cards';
import { freezeAges } from '../src/lib/model/time.svelte';
import { navigate } from '../src/lib/router.svelte';
import { ending } from '../src/panels/people/account';
import People from '../src/panels/people/People.svelte';
import { filterFor } from '../src/panels/people/who';
import { NOW } from './documents';
import { gpu } from './gpu-documents';
import { docker, GIB, gpus, gpuUser } from './people-documents';

const show = (people: GpuUser[], names: ReadonlyMap<string, string> = new Map()) =>
  render(People, { gpus: gpus([], people), names });

const DAY = 86_400_000;
const text = (element: Element) => element.textContent.replace(/[\s\u00a0]+/g, ' ').trim();

beforeEach(async () => {
  await setLanguage('en');
  freezeAges(NOW);
  navigate('/host/gpu-1?tab=users&sort=idle&dir=asc', { replace: true });
});
afterEach(async () => {
  freezeAges(null);
  await setLanguage('en');
});

/** The cells of a row by the names of their columns. */
function row(name: string): Record<string, string> {
  const table = screen.getByRole('table');
  const heads = within(table).getAllByRole('columnheader').map(text);
  const found = within(table).getByRole('rowheader', { name }).closest('tr');
  return Object.fromEntries([...(found?.children ?? [])].map((cell, at) => [heads[at] ?? '', text(cell)]));
}

describe('numbers of cards', () => {
  it('are in order, each once, long rows by their ends', () => {
    expect(cardList([])).toBe('');
    expect(cardList([7])).toBe('7');
    expect(cardList([1, 0])).toBe('0, 1');
    expect(cardList([5, 3, 4, 0, 5])).toBe('0, 3–5');
    expect(cardList([0, 1, 2, 4, 5, 7, 8, 9, 10])).toBe('0–2, 4, 5, 7–10');
  });
});

describe('People', () => {
  it('says who is where, how much, since when, and until when the account lasts', () => {
    const people = [
      gpuUser('alice', {
        gpus: [0, 1, 2],
        held_gpus: [2],
        memory_bytes: 40 * GIB,
        processes: 4,
        containers: [docker('0123456789ab'), docker('ffff00001111')],
        account_end: { kind: 'at', at_ms: NOW + 90 * DAY, expired: false },
      }),
      gpuUser('bob'),
    ];
    show(people, new Map([[docker('ffff00001111').key, 'train-28']]));
    expect(row('alice')).toEqual({
      User: 'alice',
      GPUs: '0–2',
      'GPU memory': '40.0 GiB',
      Processes: '4',
      Since: '2 h',
      'Held idle': '2',
      Containers: '0123456789ab, train-28',
      'Account ends': 'Apr 1, 1970 UTC',
    });
    expect(row('bob')).toMatchObject({ 'Held idle': 'none', Containers: 'none', 'Account ends': 'never' });
  });

  it('leads to the processes', () => {
    show([gpuUser('alice', { processes: 3 })]);
    expect(screen.getByRole('link', { name: '3 processes: show them in the list' })).toHaveAttribute(
      'href',
      '/host/gpu-1?tab=processes&q=user%3Aalice&gpu=1',
    );
  });

  it('shows nothing known as nothing known, never as 0', () => {
    const unknown: GpuUser = {
      ...gpuUser('?'),
      user: { absent: 'gone' },
      user_id: { absent: 'gone' },
      memory_bytes: { absent: 'not_supported' },
      since_ms: { absent: 'gone' },
      account_end: { absent: 'permission_denied' },
    };
    show([unknown]);
    const cells = row('unknown user');
    expect(cells['GPU memory']).toBe('–not supported by this machine or kernel');
    expect(cells['Since']).toBe('–gone');
    expect(cells['Account ends']).toBe('–no permission to read it');
    expect(screen.queryByRole('link')).toBeNull();
  });

  it('names a number where there is no name, and both where there are both', () => {
    show([gpuUser('x', { user: { absent: 'not_supported' }, user_id: 1_001_000 })]);
    expect(row('user 1001000')['User']).toBe('user 1001000');
    show([gpuUser('carol', { user_id: 1234 })]);
    expect(screen.getByRole('rowheader', { name: 'carol' })).toHaveAttribute('title', 'user id 1234');
  });

  it('marks an account that ended and one that soon will, by shape and word', () => {
    const at = (at_ms: number, expired: boolean) => ({ kind: 'at', at_ms, expired }) as const;
    const { container } = show([
      gpuUser('gone', { account_end: at(NOW - DAY, true) }),
      gpuUser('soon', { account_end: at(NOW + 3 * DAY, false) }),
      gpuUser('later', { account_end: at(NOW + 300 * DAY, false) }),
    ]);
    expect(row('gone')['Account ends']).toMatch(/^ended /);
    expect(container.querySelectorAll('.mark.down')).toHaveLength(1);
    expect(container.querySelectorAll('.mark.trouble')).toHaveLength(1);
    expect(ending(at(NOW + 14 * DAY, false), NOW)).toBe('later');
    expect(ending(at(NOW + 14 * DAY - 1, false), NOW)).toBe('soon');
  });

  it('has no more than a hundred lines, and says so', () => {
    const people = Array.from({ length: 123 }, (_, at) => gpuUser(`u${String(at)}`));
    const { container } = show(people);
    expect(screen.getAllByRole('rowheader')).toHaveLength(100);
    expect(text(container)).toContain('23 more users are not listed.');
  });

  it('counts containers that there is no room for', () => {
    const containers = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'cccccccccccc', 'dddddddddddd'].map(docker);
    show([gpuUser('alice', { containers })]);
    expect(row('alice')['Containers']).toBe('aaaaaaaaaaaa, bbbbbbbbbbbb, cccccccccccc +1');
  });

  it('says that nobody is there', () => {
    const { container } = render(People, {
      gpus: { ...gpus([]), driver: 'running', cards: [{ ...gpu(0), process_count: 0 }] },
      names: new Map<string, string>(),
    });
    expect(text(container)).toBe('Nobody is on a GPU.');
  });

  it('shows hostile names as text and offers no filter that would not find them', () => {
    const name = 'a"b,<img src=x>\u202e';
    const { container } = show([gpuUser(name)]);
    expect(container.querySelector('img')).toBeNull();
    expect(text(screen.getByRole('rowheader'))).toBe('a"b,<img src=x>�');
    expect(screen.queryByRole('link')).toBeNull();
    expect(filterFor(gpuUser('two words'))).toBe('user:"two words"');
    expect(filterFor(gpuUser(''))).toBeNull();
  });

  it('speaks Chinese', async () => {
    await setLanguage('zh-CN');
    const { container } = show([gpuUser('alice', { held_gpus: [0] })]);
    expect(text(container)).toContain('占用闲置');
    expect(text(container)).toContain('永不');
  });
});
