import { CSPProvider } from '@base-ui/react/csp-provider';
import { useEffect } from 'react';
import { useWindow } from '../../store';
import { DetailPane } from '../detail/detail-pane';
import { Dialogs } from '../dialogs/dialogs';
import { GuestList } from '../guests/guest-list';
import { ListMenu } from '../guests/list-menu';
import { Notices } from '../notices/notices';
import { Prompts } from '../prompts/prompts';
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
  return (
    <CSPProvider disableStyleElements>
      <ErrorBoundary>
        <div className="window">
          <Header />
          <main className="main">
            <Banners />
            <div className="panes">
              <div className="list-pane">
                <GuestList />
              </div>
              <SelectedGuest />
            </div>
            <Notices />
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

function SelectedGuest() {
  const selectedId = useWindow((state) => state.selectedId);
  return selectedId === null ? null : <DetailPane key={selectedId} guestId={selectedId} />;
}
