import { defineConfig } from '@playwright/test';

/** What `npm run dist` has made: looked into, installed, used, and removed. */
export default defineConfig({
  testDir: 'test/package',
  workers: 1,
  retries: 0,
  timeout: 120_000,
  globalTimeout: 5.5 * 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: process.env['CI'] === 'true',
  reporter: [['line'], ['json']],
});
