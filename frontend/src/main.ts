// Start of the page: language first, so that nothing is drawn twice.
import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { setLanguage } from './lib/i18n/index.svelte';

/** A chunk that is not there any more means a newer page: load that, but only once. */
function reloadOnMissingChunk(): void {
  try {
    if (sessionStorage.getItem('sm.reloaded') !== null) return;
    sessionStorage.setItem('sm.reloaded', '1');
  } catch {
    return; // without a memory there is no way to do it only once
  }
  location.reload();
}

async function start(): Promise<void> {
  window.addEventListener('vite:preloadError', reloadOnMissingChunk);
  await setLanguage(document.documentElement.lang === 'zh-CN' ? 'zh-CN' : 'en');
  const target = document.getElementById('app');
  if (!target) throw new Error('index.html has no #app');
  target.replaceChildren();
  mount(App, { target });
}

void start();
