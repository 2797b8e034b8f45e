import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const chromium = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
if (!existsSync(chromium)) {
  throw new Error(
    `no Chromium at ${chromium}: install it (Debian: apt-get install -y chromium; ` +
      'macOS: brew install --cask chromium), or set CHROMIUM_PATH to where it is',
  );
}
const isRoot = process.getuid?.() === 0;

/** The browser tests run against a deployed site: `BASE_URL=http://… npm run test:browser`. */
export default defineConfig({
  testDir: '../tests/browser',
  outputDir: 'node_modules/.cache/playwright',
  forbidOnly: true,
  fullyParallel: true,
  // Two cores are enough for two browsers; more only makes timings noisy.
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: {
    baseURL: process.env.BASE_URL ?? 'http://localhost:8787',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: chromium,
      args: [
        // Chromium's sandbox does not start as root.
        ...(isRoot ? ['--no-sandbox'] : []),
        // Nothing but the site under test is talked to.
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  },
  projects: [
    { name: 'site', testIgnore: 'timings.spec.ts' },
    // Measured alone, when nothing else competes for the machine.
    { name: 'timings', testMatch: 'timings.spec.ts', dependencies: ['site'] },
  ],
});
