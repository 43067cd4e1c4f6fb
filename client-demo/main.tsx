import { createClient } from 'parley/client';
import { render } from 'preact';
import { App } from './app/app.tsx';
import { guestOf } from './app/guest.ts';
import { createSettings } from './app/settings.ts';
import { loadWords } from './language/load.ts';
import { createState } from './ui/state.ts';
import './ui/base.css';

// A guest's window has a sign-in of its own beside the one that other tabs share.
const guest = guestOf(location.search);
const client = createClient(guest ? { name: `parley-guest-${guest.key}` } : {});
const settings = createSettings();
// The right language at once, rather than English first.
const words = createState(await loadWords(settings.get().language));
const page = document.getElementById('page') as HTMLElement;
render(<App {...{ client, guest, settings, words }} />, page);

// Opens the page without a network, with what the library holds of the conversations. Not there on pages that are not secure.
void navigator.serviceWorker
  ?.register('worker.js')
  .catch(error => console.warn('The page will not open offline:', error));
