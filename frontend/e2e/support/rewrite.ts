// A server whose documents say something else: frames are changed on their way to the page.
import type { Page } from '@playwright/test';
import type { HostDocument } from '../../src/lib/api/api';
import { read } from './traffic';

/** Changes in place what a frame brings of a host; a patch brings some sections only. */
export type Change = (part: Partial<HostDocument>) => void;

export async function rewriteHost(page: Page, change: Change): Promise<void> {
  await page.routeWebSocket(/\/ws/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((payload) => {
      const frame = read(payload) as Frame;
      const part =
        frame.topic !== undefined && /^host\/[^/]+$/.test(frame.topic)
          ? (frame.data ?? frame.patch?.replace)
          : undefined;
      if (part !== undefined) change(part);
      socket.send(JSON.stringify(frame));
    });
  });
}

interface Frame {
  topic?: string;
  data?: Partial<HostDocument>;
  patch?: { replace: Partial<HostDocument> };
}
