import { beforeEach, describe, expect, it } from 'vitest';
import { isPartMissing, mayReload, watchForMissingParts } from '../../src/lib/live/missing-part.svelte';

describe('a part that cannot be loaded', () => {
  beforeEach(() => sessionStorage.clear());

  it('is noted when the loader says so', () => {
    watchForMissingParts();
    expect(isPartMissing()).toBe(false);
    window.dispatchEvent(new Event('vite:preloadError'));
    expect(isPartMissing()).toBe(true);
  });

  it('is mended by one reload, and by another only after a while', () => {
    expect(mayReload(1_000_000)).toBe(true);
    expect(mayReload(1_000_000 + 59_999)).toBe(false);
    expect(mayReload(1_000_000 + 60_000)).toBe(true);
  });
});
