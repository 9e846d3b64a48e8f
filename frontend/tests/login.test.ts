import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setLanguage } from '../src/lib/i18n/index.svelte';
import { live } from '../src/lib/live/live';
import { route, startRouter } from '../src/lib/router.svelte';
import Login from '../src/pages/Login/Login.svelte';

const answer = vi.fn<typeof fetch>();
let stop: () => void;

function open(address: string): void {
  history.replaceState(null, '', address);
  stop = startRouter();
  render(Login);
}
const refusal = (status: number, code: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ error: { code, message: 'no' } }), { status, headers });

beforeEach(async () => {
  await setLanguage('en');
  vi.stubGlobal('fetch', answer);
  answer.mockReset();
  answer.mockResolvedValue(new Response('{"role":"member","signed_in":true}'));
  vi.spyOn(live, 'connect').mockReturnValue();
});
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
});

describe('Login', () => {
  it('takes the token out of the address and goes where it was meant to', async () => {
    open('/login?next=%2Fhost%2Fa#token=secret');
    expect(location.href).not.toContain('secret');
    await waitFor(() => expect(route()).toEqual({ page: 'host', host: 'a' }));
    const [url, init] = answer.mock.calls[0] ?? [];
    expect(String(url)).toBe('http://localhost/api/v1/session');
    expect(init).toMatchObject({ method: 'POST', body: '{"token":"secret"}' });
    expect(live.connect).toHaveBeenCalledOnce();
  });

  it('never leads to another site', async () => {
    open('/login?next=https%3A%2F%2Fevil.example%2F#token=secret');
    await waitFor(() => expect(route()).toEqual({ page: 'home' }));
    expect(location.host).toBe('localhost');
  });

  it('takes a pasted token', async () => {
    open('/login');
    expect(answer).not.toHaveBeenCalled();
    await userEvent.type(screen.getByLabelText('Access token'), ' secret ');
    await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(answer.mock.calls[0]?.[1]).toMatchObject({ body: '{"token":"secret"}' });
  });

  it('asks for a token before it asks the server', async () => {
    open('/login');
    await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(screen.getByRole('alert')).toHaveTextContent('Paste the token first.');
    expect(answer).not.toHaveBeenCalled();
  });

  it.each([
    ['a wrong token', () => Promise.resolve(refusal(401, 'unauthorized')), 'does not accept this token'],
    [
      'too many attempts',
      () => Promise.resolve(refusal(429, 'too_many', { 'retry-after': '30' })),
      'Try again in 30',
    ],
    ['a silent server', () => Promise.reject(new TypeError('failed')), 'The server does not answer'],
    [
      'a proxy that answers instead',
      () => Promise.resolve(new Response('<html>', { status: 502 })),
      'refused',
    ],
  ])('explains %s and stays', async (_, reply, words) => {
    answer.mockImplementation(reply);
    open('/login#token=secret');
    await waitFor(() => expect(screen.getByRole('alert')).toHaveTextContent(words));
    expect(screen.getByLabelText('Access token')).toHaveFocus();
    expect(route()).toEqual({ page: 'login' });
    expect(live.connect).not.toHaveBeenCalled();
  });
});
