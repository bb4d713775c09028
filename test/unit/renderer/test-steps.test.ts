import { describe, expect, it } from 'vitest';
import type { HostTestView } from '../../../preload/contract/view';
import { stepLabel, stepLabels, stepsToCome, testOutcome } from '../../../renderer/test-steps';

type Step = HostTestView['steps'][number];
const step = (name: Step['name'], more: Partial<Step> = {}): Step => ({ name, via: 'nas', state: 'passed', detail: '', ...more });
const testOf = (steps: Step[], done = false): HostTestView => ({ id: 't', address: 'nas', steps, done });
const names = Object.keys(stepLabels) as Step['name'][];

describe('a connection test', () => {
  it('lists what is still to come, and nothing once it is done', () => {
    expect(stepsToCome(null)).toEqual(names);
    expect(stepsToCome(testOf([step('address'), step('name')]))).toEqual(names.slice(2));
    expect(stepsToCome(testOf([step('address')], true))).toEqual([]);
  });

  it('names the computer only in a jump chain', () => {
    const direct = testOf([step('tcp'), step('host-key')]);
    expect(direct.steps.map((one) => stepLabel(one, direct))).toEqual(['TCP', 'Host key']);
    const chain = testOf([step('tcp', { via: 'bastion' }), step('tcp')]);
    expect(chain.steps.map((one) => stepLabel(one, chain))).toEqual(['TCP (bastion)', 'TCP (nas)']);
  });

  it('ends in one sentence', () => {
    expect(testOutcome(null).kind).toBe('none');
    expect(testOutcome(testOf([step('tcp', { state: 'failed' })])).kind).toBe('running');
    expect(testOutcome(testOf([step('tcp')], true))).toEqual({ kind: 'passed', text: 'Everything works.' });
    const warned = testOf([step('permissions', { state: 'warning' })], true);
    expect(testOutcome(warned)).toEqual({ kind: 'passed', text: 'It works, with a warning.' });
    const failed = testOf([step('permissions', { state: 'warning' }), step('guests', { state: 'failed' })], true);
    expect(testOutcome(failed)).toEqual({ kind: 'failed', text: 'Failed at: Guests' });
  });
});
