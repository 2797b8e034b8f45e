import { writeFile } from 'node:fs/promises';
import { anyPlan } from './support/api';
import { expect, test } from './support/test';
import { NETWORK, visit, type Visit } from './support/visit';

const RUNS = 5;

// Measures and records; how fast is fast enough is for the reader of the file to judge.
test('page loads at 10 Mbit/s and 40 ms', async ({ browser, request, baseURL }) => {
  test.setTimeout(120_000);
  const { plan_id } = await anyPlan(request);
  const pages = [
    { page: 'home', path: '/', content: '.best-match__card' },
    { page: 'deep link', path: `/plans/${plan_id}`, content: '.dialog__title' },
  ];
  const results = [];
  for (const { page, path, content } of pages) {
    const cold: Visit[] = [];
    const returning: Visit[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const context = await browser.newContext({ ...(baseURL !== undefined && { baseURL }) });
      cold.push(await visit(context, path, content));
      returning.push(await visit(context, path, content));
      await context.close();
    }
    results.push({ page, path, visit: 'cold', runs: RUNS, ...median(cold) });
    results.push({ page, path, visit: 'returning', runs: RUNS, ...median(returning) });
  }
  for (const { load_ms, requests } of results) {
    expect(load_ms).toBeGreaterThan(0);
    expect(requests).toBeGreaterThan(0);
  }

  const record = { browser: `Chromium ${browser.version()}`, network: NETWORK, results };
  const file = process.env.TIMINGS_OUT;
  if (file === undefined) console.log(JSON.stringify(record, undefined, 2));
  else await writeFile(file, `${JSON.stringify(record, undefined, 2)}\n`);
});

/** The median of each figure, rounded. */
function median(visits: Visit[]): Visit {
  const middle = (figure: keyof Visit) => {
    const sorted = visits.map((one) => one[figure]).sort((a, b) => a - b);
    return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
  };
  return {
    load_ms: middle('load_ms'),
    content_ms: middle('content_ms'),
    requests: middle('requests'),
    bytes: middle('bytes'),
  };
}
