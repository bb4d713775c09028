import type { HostTestView } from '../preload/contract/view';
import type { IconName } from './ui/icon';

/** A connection test as a list to read. Pure. */

type TestStep = HostTestView['steps'][number];
export type StepName = TestStep['name'];

export const stepLabels: Record<StepName, string> = {
  address: 'Address',
  name: 'Name',
  tcp: 'TCP',
  'host-key': 'Host key',
  authentication: 'Authentication',
  qemu: 'QEMU found',
  permissions: 'Permissions',
  guests: 'Guests',
};

const order = Object.keys(stepLabels) as StepName[];

export const stepStates: Record<TestStep['state'], { icon: IconName; word: string }> = {
  passed: { icon: 'check', word: 'passed' },
  warning: { icon: 'crash', word: 'warning' },
  failed: { icon: 'close', word: 'failed' },
};

/** Names what a step is about; with a jump chain, on which of its computers. */
export function stepLabel(step: TestStep, test: HostTestView): string {
  const chain = new Set(test.steps.map(({ via }) => via));
  return chain.size > 1 ? `${stepLabels[step.name]} (${step.via})` : stepLabels[step.name];
}

/** The steps that have not been reported yet, in the order they are usually taken; all without a test, none once it is done. */
export function stepsToCome(test: HostTestView | null): readonly StepName[] {
  if (test === null) return order;
  if (test.done) return [];
  return order.filter((name) => test.steps.every((step) => step.name !== name));
}

export interface TestOutcome {
  kind: 'none' | 'running' | 'failed' | 'passed';
  text: string;
}

/** How the test stands, in one sentence. */
export function testOutcome(test: HostTestView | null): TestOutcome {
  if (test === null) return { kind: 'none', text: '“Test connection” checks, step by step:' };
  if (!test.done) return { kind: 'running', text: 'Testing…' };
  const failed = test.steps.find((step) => step.state === 'failed');
  if (failed !== undefined) return { kind: 'failed', text: `Failed at: ${stepLabel(failed, test)}` };
  const warned = test.steps.some((step) => step.state === 'warning');
  return { kind: 'passed', text: warned ? 'It works, with a warning.' : 'Everything works.' };
}
