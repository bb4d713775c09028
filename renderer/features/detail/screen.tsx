import { useState } from 'react';
import type { GuestScreen, GuestView } from '../../../preload/contract/view';
import { call } from '../../bridge';
import { guestName } from '../../text';
import { IconButton, Spinner } from '../../ui/button';
import type { Drawn, ShownScreen } from '../../ui/picture';
import { Picture } from '../../ui/picture';
import { usePolled } from '../../ui/polled';
import { Refused } from '../../ui/refused';
import { Moment } from '../../ui/times';
import { Block } from '../../ui/untrusted';
import { isSeenRunning } from '../../words';

const everyMs = 5000;

const askScreen = (guestId: string) => call('guestScreen', { guestId });
/** Why there is no picture seldom changes by itself. */
const isShown = (screen: GuestScreen): screen is ShownScreen => 'data' in screen;

/** The screen of a guest that runs: asked for anew when it has just begun to, so that one that stays black is seen at once. */
export function Screen({ guest }: { guest: GuestView }) {
  return isSeenRunning(guest) ? <RunningScreen guest={guest} /> : null;
}

function RunningScreen({ guest }: { guest: GuestView }) {
  const version = `${guest.state.name} ${guest.state.since}`;
  const { values, refusal, askNow } = usePolled<GuestScreen>({
    subject: guest.id,
    version,
    everyMs,
    keep: 1,
    ask: askScreen,
    goesOn: isShown,
  });
  const screen = values.at(-1);
  if (screen !== undefined && !isShown(screen)) {
    return (
      <section className="no-screen missing" aria-label="Screen">
        <span>
          Screen: <Block text={screen.missing} />
        </span>
        <IconButton icon="restart" label="Refresh the screen" onClick={askNow} />
      </section>
    );
  }
  return (
    <section aria-labelledby="screen-heading" aria-busy={screen === undefined && refusal === null}>
      <div className="screen-head">
        <h3 id="screen-heading">Screen {screen === undefined && refusal === null ? <Spinner /> : null}</h3>
        {screen === undefined ? null : (
          <span className="asked-at">
            as of <Moment at={screen.at} />
          </span>
        )}
        <IconButton icon="restart" label="Refresh the screen" onClick={askNow} />
      </div>
      {refusal === null ? null : <Refused refusal={refusal} />}
      <div className="screen-place">
        {screen === undefined ? null : <Shown key={version} guest={guest} screen={screen} />}
      </div>
    </section>
  );
}

function Shown({ guest, screen }: { guest: GuestView; screen: ShownScreen }) {
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const size = drawn === null || 'problem' in drawn ? '' : `, ${drawn.width} by ${drawn.height} pixels`;
  const dark = drawn !== null && 'dark' in drawn && drawn.dark;
  return (
    <>
      <Picture screen={screen} label={`The screen of ${guestName(guest.name)}${size}`} onDrawn={setDrawn} />
      <div role="status" className="screen-dark">
        {dark ? (
          <>
            <strong>The screen is black.</strong> The guest may have blanked its console, or its screen did not come back.
          </>
        ) : null}
      </div>
    </>
  );
}
