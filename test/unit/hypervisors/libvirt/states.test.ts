import { describe, expect, it } from 'vitest';
import { stateAfter, stateOf, type Before } from '../../../../main/hypervisors/libvirt/states';
import {
  DOMAIN_STATES,
  domainStatus,
  LIFECYCLE_EVENTS,
  lifecycleChange,
} from '../../../../main/protocols/libvirt/domain-states';
import type { PowerStateName } from '../../../../main/power/states';

/** By state, and by the reasons that make it another one. */
const OF_STATE: Record<string, PowerStateName | { else: PowerStateName; [reason: string]: PowerStateName }> = {
  nostate: 'unknown',
  running: 'running',
  blocked: 'running',
  paused: { else: 'paused', crashed: 'crashed' },
  shutdown: 'running',
  shutoff: { else: 'off', crashed: 'crashed' },
  crashed: 'crashed',
  pmsuspended: 'suspended',
};
const statuses = DOMAIN_STATES.flatMap(([name, reasons], state) =>
  reasons.map((reason, number) => ({ label: `${name} (${reason})`, name, reason, status: domainStatus({ state, reason: number }) })),
);

describe('the state that libvirt tells', () => {
  it.each(statuses)('$label', ({ name, reason, status }) => {
    const expected = OF_STATE[name]!;
    expect(stateOf(status, false).name).toBe(typeof expected === 'string' ? expected : (expected[reason] ?? expected.else));
    // Only a domain that is off can have a saved state that counts.
    expect(stateOf(status, true).name).toBe(name === 'shutoff' ? 'saved' : stateOf(status, false).name);
  });

  it.each(statuses.filter(({ name, reason }) => name === 'paused' && !['unknown', 'user', 'api-error'].includes(reason)))(
    '$label says why',
    ({ status }) => {
      expect(stateOf(status, false).detail).toMatch(/^[A-Z].*\.$/);
    },
  );

  it.each([
    [3, 1, 'host'],
    [3, 5, 'unknown'],
    [5, 1, 'unknown'],
    [5, 2, 'host'],
    [5, 6, 'host'],
    [6, 1, 'guest'],
  ])('%i/%i is the doing of %s', (state, reason, cause) => {
    expect(stateOf(domainStatus({ state, reason }), false).cause).toBe(cause);
  });

  it.each([
    [8, 0],
    [-1, 0],
    [99, 3],
  ])('%i/%i is unknown, in words', (state, reason) => {
    expect(stateOf(domainStatus({ state, reason }), false)).toMatchObject({
      name: 'unknown',
      detail: expect.stringContaining(`${state}/${reason}`),
    });
  });

  it('a reason that is not known leaves the state', () => {
    expect(stateOf(domainStatus({ state: 1, reason: 99 }), false).name).toBe('running');
    expect(stateOf(domainStatus({ state: 3, reason: 99 }), false).name).toBe('paused');
    expect(stateOf(domainStatus({ state: 5, reason: 99 }), false).name).toBe('off');
  });
});

const plain: Before = { sleptToDisk: false, endedBy: null, ran: true };
type Row = PowerStateName | null | { else: PowerStateName | null; [detail: string]: PowerStateName | null };
const AFTER: Record<string, Row> = {
  defined: null,
  undefined: null,
  // Whether a restored one runs is told next.
  started: { else: 'running', restored: null, 'from-snapshot': null },
  suspended: 'paused',
  resumed: 'running',
  stopped: { else: 'off', crashed: 'crashed', failed: 'crashed', saved: 'saved' },
  shutdown: null,
  pmsuspended: { else: null, memory: 'suspended' },
  crashed: 'crashed',
};
const changes = LIFECYCLE_EVENTS.flatMap(([name, details], event) =>
  details.map((detail, number) => ({ label: `${name} (${detail})`, name, detail, change: lifecycleChange({ event, detail: number }) })),
);

describe('the state that an event brings', () => {
  it.each(changes)('$label', ({ name, detail, change }) => {
    const expected = AFTER[name]!;
    const wanted = typeof expected === 'object' && expected !== null ? (detail in expected ? expected[detail] : expected.else) : expected;
    expect(stateAfter(change, plain)?.name ?? null).toBe(wanted);
  });

  it('after S4, a shutdown is a hibernation, and nothing else is', () => {
    const hibernated = changes.filter(
      ({ change }) => stateAfter(change, { ...plain, sleptToDisk: true })?.name === 'hibernated',
    );
    expect(hibernated.map(({ label }) => label)).toEqual(['stopped (shutdown)']);
  });

  it.each(['guest', 'host', null] as const)('a shutdown that %s asked for says so', (endedBy) => {
    expect(stateAfter({ event: 'stopped', detail: 'shutdown' }, { ...plain, endedBy })).toMatchObject({
      name: 'off',
      cause: endedBy ?? 'unknown',
    });
  });

  it('a start that failed is not the crash of a guest that ran', () => {
    const failed = { event: 'stopped', detail: 'failed' } as const;
    expect(stateAfter(failed, { ...plain, ran: false })).toMatchObject({ name: 'off', detail: 'Its last start failed.' });
    expect(stateAfter(failed, plain)).toMatchObject({ name: 'crashed', detail: expect.stringContaining('killed') });
  });

  it('what a newer libvirt sends brings none, or the plain one', () => {
    expect(stateAfter(lifecycleChange({ event: 42, detail: 0 }), plain)).toBeNull();
    expect(stateAfter(lifecycleChange({ event: 5, detail: 42 }), plain)?.name).toBe('off');
    expect(stateAfter(lifecycleChange({ event: 7, detail: 42 }), plain)?.name).toBe('suspended');
  });

  it('a wake-up is nobody’s that is known; a resume is the host’s', () => {
    expect(stateAfter({ event: 'started', detail: 'wakeup' }, plain)?.cause).toBe('unknown');
    expect(stateAfter({ event: 'resumed', detail: 'unpaused' }, plain)?.cause).toBe('host');
  });
});
