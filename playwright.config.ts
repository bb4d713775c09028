import { defineConfig } from '@playwright/test';

/** The built app on the real runtime, one at a time. scripts/test.mjs provides the build and the display. */
export default defineConfig({
  testDir: 'test/e2e',
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 120_000,
  // Below the limit of scripts/test.mjs, so that a hang is reported with the rest.
  globalTimeout: 7.5 * 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: process.env['CI'] === 'true',
  // It names where reports and evidence go, too.
  reporter: [['line'], ['json']],
});
