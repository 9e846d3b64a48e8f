import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  here,
  href,
  navigate,
  ownPath,
  parsePath,
  query,
  route,
  setQuery,
  startRouter,
  withQuery,
} from '../src/lib/router.svelte';

let stop: () => void;

function setBase(path: string): void {
  document.querySelector('base')?.setAttribute('href', path);
}

beforeEach(() => {
  setBase('http://localhost/');
  history.replaceState(null, '', 'http://localhost/');
  stop = startRouter();
});

afterEach(() => {
  stop();
  setBase('http://localhost/');
  document.body.replaceChildren();
});

describe('parsePath', () => {
  it.each([
    ['', { page: 'home' }],
    ['login', { page: 'login' }],
    ['server', { page: 'server' }],
    ['server/x', { page: 'not-found' }],
    ['host/gpu-1.x_y', { page: 'host', host: 'gpu-1.x_y' }],
    ['host/gpu-1/', { page: 'host', host: 'gpu-1' }],
    ['host/', { page: 'not-found' }],
    ['host/UPPER', { page: 'not-found' }],
    ['host/a/b', { page: 'not-found' }],
    [`host/${'x'.repeat(65)}`, { page: 'not-found' }],
    ['host/lab~gpu-1/gpu/3', { page: 'gpu', host: 'lab~gpu-1', gpu: 3 }],
    ['host/a~b~c~d', { page: 'host', host: 'a~b~c~d' }],
    ['host/a~b~c~d~e', { page: 'not-found' }],
    ['host/a~', { page: 'not-found' }],
    ['gpus', { page: 'finder' }],
    ['gpus/', { page: 'finder' }],
    ['gpus/x', { page: 'not-found' }],
    ['users', { page: 'people' }],
    ['users/alice', { page: 'person', name: 'alice' }],
    ['users/%E6%9D%8E%20x%2Fy', { page: 'person', name: '李 x/y' }],
    ['users/%E6%9D', { page: 'not-found' }],
    [`users/${'x'.repeat(257)}`, { page: 'not-found' }],
    ['users/a/b', { page: 'not-found' }],
    ['other', { page: 'not-found' }],
    [null, { page: 'not-found' }],
  ])('%s', (path, expected) => {
    expect(parsePath(path)).toEqual(expected);
  });
});

describe('addresses', () => {
  it('follow navigation and the back button', () => {
    navigate(href('host/a', { tab: 'processes' }));
    expect(route()).toEqual({ page: 'host', host: 'a' });
    expect(query('tab')).toBe('processes');
    expect(here()).toBe('/host/a?tab=processes');
    history.replaceState(null, '', '/login');
    window.dispatchEvent(new PopStateEvent('popstate'));
    expect(route()).toEqual({ page: 'login' });
  });

  it('drop defaults and keep the rest', () => {
    navigate('/host/a?tab=processes&sort=pid');
    expect(withQuery({ sort: 'cpu', q: 'x' }, { sort: 'cpu' })).toBe('/host/a?tab=processes&q=x');
    setQuery({ sort: null, tab: '' });
    expect(here()).toBe('/host/a');
  });

  it('work below a base path', () => {
    setBase('http://localhost/monitor/');
    navigate('/monitor/host/a');
    expect(route()).toEqual({ page: 'host', host: 'a' });
    expect(href('login')).toBe('/monitor/login');
    navigate('/elsewhere/host/a');
    expect(route()).toEqual({ page: 'not-found' });
    navigate('/monitor');
    expect(route()).toEqual({ page: 'home' });
  });
});

describe('ownPath', () => {
  it.each([
    ['/host/a?tab=processes', '/host/a?tab=processes'],
    ['', '/'],
    ['https://evil.example/', '/'],
    ['//evil.example/host/a', '/'],
    ['/\\evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/login?next=/login', '/'],
  ])('%s leads to %s', (next, expected) => {
    expect(ownPath(next)).toBe(expected);
  });
});

describe('links', () => {
  function click(attributes: Record<string, string>, init: MouseEventInit = {}): boolean {
    const link = document.createElement('a');
    for (const [name, value] of Object.entries(attributes)) link.setAttribute(name, value);
    document.body.append(link);
    // Whatever is left to the browser must not navigate the test.
    let taken = false;
    const last = (event: Event) => {
      taken = event.defaultPrevented;
      event.preventDefault();
    };
    window.addEventListener('click', last);
    link.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, button: 0, ...init }));
    window.removeEventListener('click', last);
    return taken;
  }

  it('to own pages are followed without loading', () => {
    expect(click({ href: '/host/b' })).toBe(true);
    expect(route()).toEqual({ page: 'host', host: 'b' });
  });

  it.each([
    ['another site', { href: 'https://example.org/host/b' }, {}],
    ['a new tab', { href: '/host/b', target: '_blank' }, {}],
    ['a download', { href: '/host/b', download: '' }, {}],
    ['Ctrl+click', { href: '/host/b' }, { ctrlKey: true }],
    ['middle click', { href: '/host/b' }, { button: 1 }],
    ['a place on this page', { href: '/#main' }, {}],
    ['the API', { href: '/api/openapi.json' }, {}],
  ])('to %s are left to the browser', (_, attributes, init) => {
    expect(click(attributes as Record<string, string>, init)).toBe(false);
    expect(route()).toEqual({ page: 'home' });
  });
});
