import { describe, expect, it } from 'vitest';
import { compile, terms, type Fields } from '../src/lib/table-filter';
import { processFilter } from '../src/panels/process/filter';
import { processRow } from './process-rows';

describe('terms', () => {
  it('splits at blanks outside quotes', () => {
    expect(terms(' a  b:"c d"  "e f" g"h i ')).toEqual(['a', 'b:"c d"', '"e f"', 'g"h i ']);
    expect(terms('   ')).toEqual([]);
  });
});

describe('process filter', () => {
  const rows = [
    processRow(1, { user: 'root', name: 'systemd', command: '/sbin/init', parent_pid: 0 }),
    processRow(12, { user: 'alice', cpu_percent: 350.2, resident_bytes: 3 * 1024 ** 3, memory_percent: 6 }),
    processRow(123, {
      user: 'Bob',
      state: 'zombie',
      command: { absent: 'permission_denied' },
      name: 'Defunct',
    }),
    processRow(4, { user: { absent: 'read_failed' }, cpu_percent: { absent: 'measuring' }, nice: -5 }),
    processRow(5, { user: 'alice2', command: 'curl http://example.org:80/?q=user:alice', threads: 64 }),
  ];
  const pids = (query: string, factor = 1) => {
    const test = processFilter(query, factor);
    return rows.filter((row) => test === null || test(row)).map(({ pid }) => pid);
  };

  it.each<[string, number[]]>([
    ['', [1, 12, 123, 4, 5]],
    ['   ', [1, 12, 123, 4, 5]],
    ['user:alice', [12, 5]],
    ['user:ALICE2', [5]],
    ['user:bob,root', [1, 123]],
    ['pid:12', [12]],
    ['pid:4,5', [4, 5]],
    ['ppid:0', [1]],
    ['state:zombie', [123]],
    ['state:z', [123]],
    ['cpu:>50', [12]],
    ['cpu:>=350.2', [12]],
    ['cpu:<1', [1, 123, 5]],
    ['cpu:>50%', [12]],
    ['mem:>1G', [12]],
    ['mem:>1.5GiB', [12]],
    ['mem:<=1m', [1, 123, 4, 5]],
    ['mem:>5%', [12]],
    ['threads:>10', [5]],
    ['nice:<0', [4]],
    ['nice:-5', [4]],
    ['name:def', [123]],
    ['defunct', [123]],
    ['12', [12, 123]],
    ['alice task12', [12]],
    ['http://example.org:80', [5]],
    ['"user:alice"', [5]],
    ['user:alice cpu:>1', [12]],
    ['nosuch', []],
  ])('%j finds %j', (query, expected) => {
    expect(pids(query)).toEqual(expected);
  });

  it.each(['cpu:', 'cpu:>', 'cpu:>=', 'user:', 'nice:-', 'mem:"', '"'])(
    'does not filter by %j, which is not finished',
    (query) => {
      expect(pids(query)).toHaveLength(rows.length);
    },
  );

  it('takes a number that is none for a word', () => {
    expect(pids('cpu:many')).toEqual([]);
  });

  it('lets absent readings meet no comparison', () => {
    expect(pids('cpu:<1000')).not.toContain(4);
    expect(pids('cpu:>=0')).not.toContain(4);
  });

  it('means the percentage that is shown', () => {
    expect(pids('cpu:>50', 1 / 128)).toEqual([]);
    expect(pids('cpu:>2', 1 / 128)).toEqual([12]);
  });

  it('is not fooled by names that every object has', () => {
    expect(pids('constructor:x')).toEqual([]);
    expect(pids('__proto__:x')).toEqual([]);
  });

  it('survives anything typed', () => {
    for (const query of ['(', '[a', '\\', '*:*', ':', '::', 'cpu:>1e9', 'pid:>99999999999999999999', '🦀']) {
      expect(() => pids(query)).not.toThrow();
    }
  });
});

describe('compile', () => {
  it('is null when nothing is asked', () => {
    const none: Fields<string> = {};
    expect(compile('  ', none, (row) => row)).toBeNull();
    expect(compile('a', none, (row) => row)?.('bar')).toBe(true);
  });
});
