// Who the viewer says to be, kept in this browser: the server does not know it.
import { pref } from './prefs.svelte';

/** As long as a name in an address may be. */
const NAME_MAX = 256;

/** What names the user in addresses (`personId`); null: nobody said. */
export const me = pref<string | null>('me', null, (stored) =>
  typeof stored === 'string' && stored !== '' && stored.length <= NAME_MAX ? stored : null,
);
