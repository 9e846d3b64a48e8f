// Scrolling by keyboard.

/** Lets the keyboard reach a region as long as it scrolls, and only then. For `{@attach …}`. */
export function focusWhenScrolling(region: HTMLElement): () => void {
  const measure = () => {
    if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
    else region.removeAttribute('tabindex');
  };
  const observer = new ResizeObserver(measure);
  observer.observe(region);
  return () => observer.disconnect();
}
