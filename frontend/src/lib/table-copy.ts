// Copying a text that is on the page, also where browsers offer no clipboard (plain HTTP).

export type Copied = 'copied' | 'selected';

/** Copies what `element` shows. Where nothing else works it is left selected for the reader to copy. */
export async function copyShown(element: HTMLElement): Promise<Copied> {
  // On an insecure origin the property is missing, whatever its type says.
  const clipboard = (navigator as { clipboard?: Clipboard }).clipboard;
  if (clipboard !== undefined) {
    try {
      await clipboard.writeText(element.textContent);
      return 'copied';
    } catch {
      // Denied by a policy: the old way may still work.
    }
  }
  getSelection()?.selectAllChildren(element);
  try {
    return document.execCommand('copy') ? 'copied' : 'selected';
  } catch {
    return 'selected';
  }
}
