// Whether the reader is at a part of the page: an attachment for its element. Live tables hold still
// meanwhile.

/** A finger lifts before its click arrives, and the eye needs a moment longer. */
const TOUCH_LINGER_MS = 2000;

/**
 * Attention is a mouse or pen over the element, a finger on it (and shortly after), or keyboard
 * focus in it. Focus that a click left behind does not count: the pointer already says whether
 * the reader is still there, and a table would else stand still long after.
 */
export function attention(report: (attentive: boolean) => void): (element: HTMLElement) => () => void {
  return (element) => {
    let pointer = false;
    let keyboard = false;
    let linger: ReturnType<typeof setTimeout> | undefined;
    let reported = false;

    const tell = (): void => {
      if ((pointer || keyboard) === reported) return;
      reported = !reported;
      report(reported);
    };
    const point = (on: boolean): void => {
      clearTimeout(linger);
      pointer = on;
      tell();
    };
    const lift = (): void => {
      clearTimeout(linger);
      linger = setTimeout(() => {
        point(false);
      }, TOUCH_LINGER_MS);
    };
    const controller = new AbortController();
    const on = <Name extends keyof HTMLElementEventMap>(
      name: Name,
      listener: (event: HTMLElementEventMap[Name]) => void,
    ): void => {
      element.addEventListener(name, listener, { passive: true, signal: controller.signal });
    };
    on('pointerenter', (event) => {
      if (event.pointerType !== 'touch') point(true);
    });
    on('pointerleave', (event) => {
      if (event.pointerType !== 'touch') point(false);
    });
    on('pointerdown', (event) => {
      keyboard = false;
      if (event.pointerType === 'touch') point(true);
      else tell();
    });
    on('touchend', lift);
    on('touchcancel', lift);
    on('focusin', (event) => {
      keyboard = event.target instanceof Element && event.target.matches(':focus-visible');
      tell();
    });
    on('keydown', () => {
      keyboard = true;
      tell();
    });
    on('focusout', () => {
      keyboard = false;
      // What has the focus may be on its way out of the page, and then nothing may be changed yet.
      queueMicrotask(tell);
    });
    return () => {
      clearTimeout(linger);
      controller.abort();
      pointer = keyboard = false;
      queueMicrotask(tell);
    };
  };
}
