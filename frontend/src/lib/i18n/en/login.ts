// The page to sign in.
import { addTexts } from '../index.svelte';

export const texts = {
  'login.explain':
    'Open the access link that smonitor printed when it was first started, or paste its token here.',
  'login.token': 'Access token',
  'login.submit': 'Sign in',
  'login.working': 'Signing in…',
  'login.empty': 'Paste the token first.',
  'login.wrong':
    'The server does not accept this token. Look for the newest link in its log, or ask the person who runs it.',
  'login.tooMany': 'Too many attempts. Try again in {age}.',
  'login.unreachable': 'The server does not answer. Check that it runs and that you can reach it.',
  'login.failed': 'The server refused: {message}',
} as const;

export const login = addTexts(texts, async () => (await import('../zh/login')).login);
