/// <reference types="vite/client" />
import type axe from 'axe-core';
import type { FakeApi } from '../fakes/window-api';
import { fakeApi } from '../fakes/window-api';
import { scenarios } from './scenarios';

/** The real window over the fake api: what a browser needs to show and test it without a main process. */

declare global {
  interface Window {
    /** For tests: patches, refusals and the calls that were made. */
    lab: FakeApi;
    /** Put there by a test. */
    axe: typeof axe;
  }
}

const wanted = new URLSearchParams(location.search);
const scenario = scenarios[wanted.get('scenario') ?? 'three'];
if (scenario === undefined) throw new Error(`There is no scenario of this name: ${wanted.get('scenario')}`);

const fake = fakeApi(scenario(Date.now()), {
  actionMs: Number(wanted.get('actionMs') ?? 700),
  now: () => Date.now(),
  after: (ms, task) => void setTimeout(task, Math.min(ms, 2 ** 31 - 1)),
});
window.lab = fake;
Object.defineProperty(window, 'api', { value: fake.api });
await import('../../renderer/main');
