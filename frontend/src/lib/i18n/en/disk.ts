// Block devices and what they do.
import { addTexts } from '../index.svelte';

export const disk = addTexts({
  'disk.title': 'Disks',
});
