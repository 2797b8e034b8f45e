import type { BrowserContext } from '@playwright/test';

/** 10 Mbit/s down and up, 40 ms of latency. */
export const NETWORK = {
  offline: false,
  latency: 40,
  downloadThroughput: 10_000_000 / 8,
  uploadThroughput: 10_000_000 / 8,
};

export interface Visit {
  /** From navigation start to the end of the `load` event. */
  load_ms: number;
  /** From navigation start until `content` is in the page. */
  content_ms: number;
  /** Requests that reached the network. */
  requests: number;
  /** Bytes that came over the network, headers included. */
  bytes: number;
}

/** Opens `path` on the slow network in a new tab of `context`, whose cache it uses. */
export async function visit(
  context: BrowserContext,
  path: string,
  content: string,
): Promise<Visit> {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', NETWORK);

  const fromNetwork = new Set<string>();
  let bytes = 0;
  session.on('Network.responseReceived', ({ requestId, response }) => {
    if (response.fromDiskCache !== true) fromNetwork.add(requestId);
  });
  session.on('Network.requestServedFromCache', ({ requestId }) => fromNetwork.delete(requestId));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (fromNetwork.has(requestId)) bytes += encodedDataLength;
  });

  await page.addInitScript(markWhenPresent, content);
  await page.goto(path, { waitUntil: 'load' });
  await page.locator(content).first().waitFor();
  const content_ms = await page.evaluate(
    () => performance.getEntriesByName('content')[0]?.startTime ?? Number.NaN,
  );
  const load_ms = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation');
    return (navigation as PerformanceNavigationTiming).loadEventEnd;
  });
  await page.waitForLoadState('networkidle');
  await page.close();
  return { load_ms, content_ms, requests: fromNetwork.size, bytes };
}

/** Notes the time at which something first matches `selector`: asking from outside is too coarse. */
function markWhenPresent(selector: string) {
  const observer = new MutationObserver(() => {
    if (document.querySelector(selector) === null) return;
    performance.mark('content');
    observer.disconnect();
  });
  observer.observe(document, { childList: true, subtree: true });
}
