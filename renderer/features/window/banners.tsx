import { useWindow } from '../../store';
import { Icon } from '../../ui/icon';
import { Graces } from '../graces/graces';
import { UpdateBanner } from '../settings/update-banner';

/** What holds for the whole window: guests are simulated, or the rest of the app does not answer. */
export function Banners() {
  const lost = useWindow((state) => state.link === 'lost');
  const simulated = useWindow((state) =>
    Object.values(state.view?.hosts ?? {}).some((host) => host.simulated),
  );
  return (
    <>
      {lost ? (
        <div className="banner banner-error" role="alert">
          <Icon name="crash" />
          <p>The rest of Reveille does not answer, so this list may be old. If this stays, quit and open Reveille anew.</p>
        </div>
      ) : null}
      <Graces />
      <UpdateBanner />
      {simulated ? (
        <section className="banner banner-demo" aria-label="Demo">
          <Icon name="flask" />
          <p>The demo is open: its guests are simulated. Nothing on this computer is touched.</p>
        </section>
      ) : null}
    </>
  );
}
