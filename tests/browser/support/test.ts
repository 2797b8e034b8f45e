import { test as base, expect, type Page } from '@playwright/test';

export { expect };

interface Options {
  /** Console errors that this test provokes on purpose, such as a request that is to fail. */
  tolerate: RegExp;
}

/** An API that is no demo says who is not signed in, and Chromium says that it said so. */
const SIGNED_OUT = process.env.AUTH_MODE === 'jwt' ? /status of 401/ : /^(?!)/;

/**
 * Playwright's `test`, with every page watched: a console message, an uncaught error or a
 * violation of the Content-Security-Policy fails the test in which it happens.
 */
export const test = base.extend<Options & { watch: undefined }>({
  tolerate: [/^(?!)/, { option: true }],
  watch: [
    async ({ page, tolerate }, use) => {
      const problems = await collectProblems(page);
      await use(undefined);
      expect(
        problems.filter((problem) => !tolerate.test(problem) && !SIGNED_OUT.test(problem)),
        'console messages, page errors and policy violations',
      ).toEqual([]);
    },
    { auto: true },
  ],
});

async function collectProblems(page: Page): Promise<string[]> {
  const problems: string[] = [];
  page.on('console', (message) => problems.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(`page error: ${error.message}`));
  await page.exposeFunction('reportViolation', (violation: string) => {
    problems.push(`policy violation: ${violation}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const { reportViolation } = window as unknown as { reportViolation: (v: string) => void };
      reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
    });
  });
  return problems;
}
