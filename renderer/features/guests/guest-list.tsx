import { useEffect, useMemo } from 'react';
import { emptiness, inGrid, rowsOf, searchGroups } from '../../groups';
import { setActiveRow, setSearch, useWindow } from '../../store';
import { Button } from '../../ui/button';
import { Line } from '../../ui/untrusted';
import { EmptyList, HostNote } from './empty';
import { onGridKey } from './grid-keys';
import { HostRows } from './host-rows';

/** The list: a grid of guests by host, or what to say when there is none. */
export function GuestList() {
  const empty = useWindow((state) => emptiness(state.view));
  return empty === 'some' ? <Grid /> : <EmptyList why={empty} />;
}

function Grid() {
  const groups = useWindow((state) => state.groups);
  const search = useWindow((state) => state.search);
  const shown = useMemo(() => searchGroups(groups, search), [groups, search]);
  const rowIds = useMemo(() => rowsOf(shown), [shown]);
  const activeShown = useWindow((state) => state.activeRowId !== null && rowIds.includes(state.activeRowId));
  const first = shown.flatMap((group) => group.guests)[0]?.id ?? rowIds[0];
  useEffect(() => {
    if (!activeShown && first !== undefined) setActiveRow(first);
  }, [activeShown, first]);

  if (first === undefined) return <NoMatch search={search} />;
  return (
    <>
      {groups
        .filter((group) => !inGrid(group) && search.trim() === '')
        .map((group) => (
          <HostNote key={group.hostId} hostId={group.hostId} />
        ))}
      <div role="grid" aria-label="Guests" aria-multiselectable="true" className="grid" onKeyDown={onGridKey}>
        {shown
          .filter(inGrid)
          .map((group) => (
            <HostRows key={group.hostId} group={group} />
          ))}
      </div>
    </>
  );
}

function NoMatch({ search }: { search: string }) {
  return (
    <div className="empty">
      <h2>No guest and no host is named like this</h2>
      <p>
        Searched: <Line text={search} />
      </p>
      <Button onClick={() => setSearch('')}>Show all guests</Button>
    </div>
  );
}
