import { describe, expect, it } from 'vitest';
import { createObserved } from '../../../../main/hypervisors/libvirt/observed';
import { fakeClock } from '../../../fakes/clock';

const start = () => {
  const clock = fakeClock();
  return { clock, observed: createObserved(clock, 'Not yet.') };
};

describe('the state that was seen last', () => {
  it('is unknown at first, with the reason', () => {
    expect(start().observed.state).toEqual({ name: 'unknown', since: null, source: 'inference', cause: 'unknown', detail: 'Not yet.' });
  });

  it('holds since an event, but since nobody knows when where it was only asked for', async () => {
    const { clock, observed } = start();
    expect(observed.become('running', 'query', 'unknown')).toBe(true);
    expect(observed.state.since).toBeNull();
    await clock.advance(1000);
    expect(observed.become('suspended', 'event', 'guest')).toBe(true);
    expect(observed.state).toEqual({ name: 'suspended', since: clock.now(), source: 'event', cause: 'guest' });
  });

  it('is no news a second time, and keeps its beginning', async () => {
    const { clock, observed } = start();
    observed.become('suspended', 'event', 'guest');
    const before = observed.state;
    await clock.advance(1000);
    expect(observed.become('suspended', 'event', 'guest')).toBe(false);
    expect(observed.become('suspended', 'query', 'unknown')).toBe(false);
    expect(observed.state).toBe(before);
  });

  it('is not told less of by a question that agrees with an event', () => {
    const { observed } = start();
    observed.become('hibernated', 'event', 'guest', 'Starting it resumes it.');
    expect(observed.become('hibernated', 'query', 'unknown')).toBe(false);
    expect(observed.state).toMatchObject({ source: 'event', detail: 'Starting it resumes it.' });
  });

  it('is news where an event confirms what was asked for, or the detail is another', async () => {
    const { clock, observed } = start();
    observed.become('paused', 'query', 'unknown');
    await clock.advance(1000);
    expect(observed.become('paused', 'event', 'host')).toBe(true);
    expect(observed.state).toMatchObject({ since: null, source: 'event', cause: 'host' });
    expect(observed.become('paused', 'event', 'unknown', 'A disk error.')).toBe(true);
    expect(observed.state).toMatchObject({ since: null, detail: 'A disk error.' });
  });

  it('that changed between two questions changed by now', async () => {
    const { clock, observed } = start();
    observed.become('running', 'query', 'unknown');
    await clock.advance(1000);
    observed.become('paused', 'query', 'unknown');
    expect(observed.state.since).toBe(clock.now());
  });

  it('after a time in which nothing was seen may be old', async () => {
    const { clock, observed } = start();
    observed.become('running', 'event', 'unknown');
    await clock.advance(1000);
    observed.become('unknown', 'inference', 'unknown', 'Lost.');
    await clock.advance(1000);
    observed.become('suspended', 'query', 'unknown');
    expect(observed.state.since).toBeNull();
  });
});
