import { describe, expect, it } from 'vitest';
import { decode } from '../../src/lib/live/decode';
import { hello } from '../hello';

const text = (value: unknown) => JSON.stringify(value);

describe('decode', () => {
  it('takes a hello', () => {
    expect(decode(text({ type: 'hello', ...hello() }))).toMatchObject({
      type: 'hello',
      hello: { host: 'a' },
    });
  });

  it.each([
    'protocol',
    'version',
    'page',
    'config_revision',
    'server_time_ms',
    'mode',
    'role',
    'site_name',
    'host',
    'interval_ms',
  ])('does not take a hello without %s', (field) => {
    expect(decode(text({ type: 'hello', ...hello(), [field]: undefined }))).toBeNull();
  });

  it('takes frames', () => {
    const full = { type: 'full', topic: 'host/a', seq: 3, server_time_ms: 5, data: { host: 'a' } };
    expect(decode(text(full))).toEqual({
      type: 'full',
      topic: 'host/a',
      seq: 3,
      serverTimeMs: 5,
      data: { host: 'a' },
    });
    const patch = { replace: {}, tables: { rows: { changed: [{ key: 'x' }], dropped: ['y'] } } };
    expect(decode(text({ type: 'patch', topic: 't', seq: 4, server_time_ms: 6, patch }))).toEqual({
      type: 'patch',
      topic: 't',
      seq: 4,
      serverTimeMs: 6,
      patch,
    });
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[1]'],
    ['null', 'null'],
    ['a type of a newer server', text({ type: 'weather', topic: 't' })],
    ['a full without data', text({ type: 'full', topic: 't', seq: 1, server_time_ms: 1 })],
    ['a full with a list', text({ type: 'full', topic: 't', seq: 1, server_time_ms: 1, data: [] })],
    ['a frame without a number', text({ type: 'full', topic: 't', seq: '1', server_time_ms: 1, data: {} })],
    [
      'a patch without tables',
      text({ type: 'patch', topic: 't', seq: 1, server_time_ms: 1, patch: { replace: {} } }),
    ],
    [
      'a patch with a row without key',
      text({
        type: 'patch',
        topic: 't',
        seq: 1,
        server_time_ms: 1,
        patch: { replace: {}, tables: { rows: { changed: [{ cpu: 1 }], dropped: [] } } },
      }),
    ],
    ['a pong without id', text({ type: 'pong', server_time_ms: 1 })],
    ['gone without topic', text({ type: 'gone' })],
  ])('ignores %s', (_, message) => {
    expect(decode(message)).toBeNull();
  });

  it('takes refusals with and without a topic', () => {
    expect(decode(text({ type: 'error', code: 'not_found', topic: 'host/x' }))).not.toBeNull();
    expect(decode(text({ type: 'error', code: 'bad_request', topic: null }))).not.toBeNull();
  });
});
