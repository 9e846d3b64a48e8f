// Binary messages are raw deflate of the JSON text. Inflating is asynchronous, so every message, also
// the ones that come as text, goes through one queue: they leave it in the order they came.

export class Inflater {
  #last: Promise<void> = Promise.resolve();

  /** Calls `deliver` with the text once all earlier messages were delivered; `broken` if it is not deflate. */
  push(data: string | ArrayBuffer, deliver: (text: string) => void, broken: () => void): void {
    const text = typeof data === 'string' ? data : inflate(data);
    // A rejection before its turn is still handled below, in order; this only keeps it from being
    // reported as unhandled meanwhile.
    if (typeof text !== 'string') text.catch(() => undefined);
    this.#last = this.#last.then(async () => {
      let ready: string;
      try {
        ready = await text;
      } catch {
        broken();
        return;
      }
      deliver(ready);
    });
  }
}

async function inflate(data: ArrayBuffer): Promise<string> {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return await new Response(stream).text();
}
