import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Inflater } from '../../src/lib/live/inflate';

const packed = (text: string): ArrayBuffer => new Uint8Array(deflateRawSync(text)).buffer;

function collect(messages: readonly (string | ArrayBuffer)[]): Promise<string[]> {
  const inflater = new Inflater();
  const out: string[] = [];
  return new Promise((resolve) => {
    const note = (text: string) => {
      out.push(text);
      if (out.length === messages.length) resolve(out);
    };
    for (const message of messages) inflater.push(message, note, () => note('broken'));
  });
}

describe('Inflater', () => {
  it('keeps the order: a short text does not overtake a large message before it', async () => {
    const large = 'x'.repeat(2_000_000);
    expect(await collect([packed(large), 'short', packed('y'), 'end'])).toEqual([large, 'short', 'y', 'end']);
  });

  it('reports what is not deflate and goes on', async () => {
    const noise = new Uint8Array([255, 255, 255, 255]).buffer;
    expect(await collect([noise, 'after', packed('z')])).toEqual(['broken', 'after', 'z']);
  });
});
