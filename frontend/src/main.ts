// Start of the page: language first, so that nothing is drawn twice.
import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { setLanguage } from './lib/i18n/index.svelte';
import { watchForMissingParts } from './lib/live/missing-part.svelte';
import { route } from './lib/router.svelte';
import { fetchEarly } from './pages';

async function start(): Promise<void> {
  watchForMissingParts();
  fetchEarly(route());
  await setLanguage(document.documentElement.lang === 'zh-CN' ? 'zh-CN' : 'en');
  const target = document.getElementById('app');
  if (!target) throw new Error('index.html has no #app');
  target.replaceChildren();
  mount(App, { target });
}

void start();
