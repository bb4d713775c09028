import { beforeEach, describe, expect, it } from 'vitest';
import { revealGuest } from '../../../renderer/reveal';
import { resetWindow, setSearch, showView, windowStore } from '../../../renderer/store';
import { guestView, snapshotOf } from '../../fakes/views';

const view = snapshotOf({ guests: [guestView({ id: 'web' }), guestView({ id: 'db' })] });

beforeEach(resetWindow);

describe('a guest that main wants shown', () => {
  it('is selected on the page of guests, where no search hides it and no marks are in its way', () => {
    showView(view);
    setSearch('nothing like it');
    windowStore.setState({ page: 'timeline', marked: new Set(['db']) });
    revealGuest('web');
    expect(windowStore.getState()).toMatchObject({ page: 'guests', search: '', selectedId: 'web', activeRowId: 'web' });
    expect(windowStore.getState().marked.size).toBe(0);
  });

  it('is shown with the first view when the window has just opened; the last one counts', () => {
    revealGuest('web');
    revealGuest('db');
    expect(windowStore.getState().selectedId).toBeNull();
    showView(view);
    expect(windowStore.getState().selectedId).toBe('db');
    windowStore.setState({ selectedId: null });
    showView({ ...view, revision: 1 });
    expect(windowStore.getState().selectedId).toBeNull();
  });

  it('changes nothing when it is gone', () => {
    showView(view);
    revealGuest('web');
    revealGuest('gone');
    expect(windowStore.getState().selectedId).toBe('web');
  });
});
