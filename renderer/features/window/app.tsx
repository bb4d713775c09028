import { CSPProvider } from '@base-ui/react/csp-provider';
import { useEffect } from 'react';
import { keepFocus } from '../../keep-focus';
import { useWindow } from '../../store';
import { DetailPane } from '../detail/detail-pane';
import { Dialogs } from '../dialogs/dialogs';
import { GuestList } from '../guests/guest-list';
import { ListMenu } from '../guests/list-menu';
import { GroupStrip } from '../groups/group-strip';
import { Notices } from '../notices/notices';
import { Told } from '../notices/told';
import { Prompts } from '../prompts/prompts';
import { Runs } from '../runs/runs';
import { SchedulesPage } from '../schedules/schedules-page';
import { SelectionBar } from '../selection/selection-bar';
import { TimelinePage } from '../timeline/timeline-page';
import { Announcer } from './announcer';
import { Banners } from './banners';
import { ErrorBoundary } from './error-boundary';
import { Header } from './header';
import { onWindowKey } from './window-keys';

export function App() {
  useEffect(() => {
    document.addEventListener('keydown', onWindowKey);
    return () => document.removeEventListener('keydown', onWindowKey);
  }, []);
  useEffect(keepFocus, []);
  return (
    <CSPProvider disableStyleElements>
      <ErrorBoundary>
        <div className="window">
          <Header />
          <main className="main">
            <Banners />
            <Page />
            <Runs />
            <Notices />
            <Told />
            <ListMenu />
            <Announcer />
          </main>
        </div>
        <Dialogs />
        <Prompts />
      </ErrorBoundary>
    </CSPProvider>
  );
}

/** What the header's pages lead to. */
function Page() {
  const page = useWindow((state) => state.page);
  switch (page) {
    case 'guests':
      return <GuestsPage />;
    case 'schedules':
      return <SchedulesPage />;
    case 'timeline':
      return <TimelinePage />;
  }
}

function GuestsPage() {
  return (
    <>
      <div className="panes">
        <div className="list-pane">
          <GroupStrip />
          <GuestList />
        </div>
        <SelectedGuest />
      </div>
      <SelectionBar />
    </>
  );
}

function SelectedGuest() {
  const selectedId = useWindow((state) => state.selectedId);
  return selectedId === null ? null : <DetailPane key={selectedId} guestId={selectedId} />;
}
